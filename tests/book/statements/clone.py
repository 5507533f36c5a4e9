"""Chapter 6, Clone."""

import copy

import torch
from support.kinds import back, constants, interiors, leaves, raises
from torch import nn

from statements import DO, HERE


def shares(a, b):
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def views_share_under_no_grad():
    with torch.no_grad():
        return {kind: shares(t.view(t.shape), t) for kind, t in interiors().items() if kind != "empty"}


def a_leaf_refuses_constants_too():
    return {kind: raises(t.copy_, t.detach().clone()) for kind, t in leaves().items()}


def a_frozen_parameter_may_get_a_history():
    def arrives(dtype):
        v = torch.ones(2, dtype=dtype, requires_grad=True)
        p = nn.Parameter(torch.zeros(2, dtype=dtype), requires_grad=False)
        p.copy_(v * 3)
        back(p)
        return v.grad.eq(3).all().item()

    return {str(dtype): arrives(dtype) for dtype in (torch.float32, torch.float64, torch.complex64)}


def names_views_and_states_are_no_snapshots():
    net = nn.BatchNorm1d(2)
    state = net.state_dict()
    return {f"state_dict: {name}": shares(state[name], t) for name, t in net.named_parameters()} | {
        f"{kind}: deepcopy is one": not shares(copy.deepcopy(t), t) for kind, t in constants().items() if t.numel()
    }


def written_numbers_bring_no_history():
    v = torch.ones(1, 2, requires_grad=True)
    loaded, written, other = (nn.Linear(2, 1, bias=False) for _ in range(3))
    loaded.load_state_dict({"weight": v * 3})
    with torch.no_grad():
        written.weight.copy_(v * 3)
    other.load_state_dict({"weight": v * 3}, assign=True)
    return {
        "load_state_dict": loaded.weight.grad_fn is None,
        "no_grad": written.weight.grad_fn is None,
        "assign=True": other.weight.grad_fn is None,
    }


STATEMENTS = {
    "reshape copies if it must, and contiguous() has nothing to do here.": HERE,
    "Under no_grad all this is the same: a name is a name, and a view shares.": views_share_under_no_grad,
    "Nothing reaches x, for no path leads there.": HERE,
    "Never mind the guess about weight_norm.": DO,
    "A snapshot needs that for each entry.": DO,
    "So the numbers must go into the memory that is there. copy_ writes those of another tensor there, and the write "
    "is recorded.": HERE,
    "A leaf refuses every recorded write, that of a constant too.": a_leaf_refuses_constants_too,
    "This parameter has no history, so gradient ends there.": HERE,
    "(A frozen one may get a history: a recorded copy_(w) into it carries gradient to v.) A new nn.Parameter is no way "
    "round that.": a_frozen_parameter_may_get_a_history,
    "Only the slice shares.": HERE,
    "And what you read at once, before anyone writes, needs no copy.": DO,
    "All of these run.": HERE,
    "Second: a second name is no second model.": HERE,
    "Only a real copy is a snapshot.": names_views_and_states_are_no_snapshots,
    "Each step writes into them.": HERE,
    "Numbers that load_state_dict or a write under no_grad puts into a parameter bring no history.": (
        written_numbers_bring_no_history
    ),
}
