"""The glossary: what a word means holds for other kinds of tensors and modules too."""

import torch
from support.kinds import back, constants, interiors, leaves
from torch import nn

from statements import DEFINES, NAMES
from statements.cheat_sheet import what_moves_a_counter
from statements.errors_leaving import it_has_no_counter, no_backward_may_need_it


def later_gradients_are_added():
    def stays(x, y, **options):
        before = x.grad
        y().backward(**options)
        return x.grad is before

    outcome = {}
    for kind, x in leaves().items():
        back(x * 2)
        first = x.grad
        back(x * 2)
        outcome[kind] = x.grad is first and bool((x.grad == 4).all())
    x = torch.ones(2, requires_grad=True)
    (x**2).sum().backward()
    embedding = nn.Embedding(3, 1, sparse=True)
    w, word = embedding.weight, torch.tensor([1])
    embedding(word).sum().backward()
    return outcome | {
        "create_graph": not stays(x, lambda: (x**2).sum(), create_graph=True),
        "sparse onto sparse": stays(w, lambda: embedding(word).sum()),
        "dense onto sparse": not stays(w, lambda: (w * 1).sum()),
        "sparse onto dense": stays(w, lambda: embedding(word).sum()),
    }


def buffers_are_in_the_state_unless_not_persistent():
    net = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 2))
    net.register_buffer("kept", torch.ones(1))
    net.register_buffer("dropped", torch.ones(1), persistent=False)
    names = {name for name, _ in net.named_buffers()}
    listed = {id(p) for p in net.parameters()}
    return {
        "parameters": all(id(buffer) not in listed for buffer in net.buffers()),
        "state": names - set(net.state_dict()) == {"dropped"},
        "in a submodule": "0.running_mean" in net.state_dict(),
        "InstanceNorm": "running_mean" in nn.InstanceNorm1d(2, track_running_stats=True).state_dict(),
    }


def frozen_lets_gradient_through():
    nets = {
        "Linear": (nn.Linear(2, 2), torch.ones(3, 2)),
        "BatchNorm": (nn.BatchNorm1d(2), torch.rand(3, 2)),
        "Conv": (nn.Conv1d(2, 2, 1), torch.ones(3, 2, 2)),
        "PReLU": (nn.PReLU(), -torch.ones(3, 2)),
        "Sequential": (nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)), torch.ones(3, 2)),
        "attention": (nn.TransformerEncoderLayer(2, 1, 4, batch_first=True), torch.rand(1, 3, 2)),
    }
    outcome = {}
    for kind, (net, x) in nets.items():
        net.requires_grad_(False)
        x.requires_grad_()
        net(x).sum().backward()
        outcome[kind] = x.grad is not None and all(p.grad is None for p in net.parameters())
    return outcome


def a_leaf_has_no_history():
    found = {f"leaf, {kind}": x.is_leaf and x.grad_fn is None for kind, x in leaves().items()}
    found |= {f"constant, {kind}": x.is_leaf and x.grad_fn is None for kind, x in constants().items()}
    return found | {f"interior, {kind}": not x.is_leaf for kind, x in interiors().items()}


def of_inference_mode():
    ordinary = torch.ones(3)
    with torch.inference_mode():
        view, alias, edited = ordinary[:2], ordinary.detach(), ordinary.add_(1)
        made = torch.ones(2)
    return {
        "made": made.is_inference(),
        "a view of an ordinary one": not view.is_inference(),
        "its alias": not alias.is_inference(),
        "an ordinary one that is edited": not edited.is_inference(),
        **{f"no counter: {kind}": holds for kind, holds in it_has_no_counter().items()},
        **{f"not saved: {kind}": holds for kind, holds in no_backward_may_need_it().items()},
    }


STATEMENTS = {
    "The words of this book, each with the section that shows it on live tensors.": NAMES,
    "(Here no file of weights.) Shown in chapter 8 and chapter 10.": DEFINES,
    "A leaf that requires no grad: autograd treats it as numbers that were typed in.": DEFINES,
    "What backward does to the saved tensors that it has used, unless it retains the graph; and what Python does to "
    "whatever nobody holds any more.": DEFINES,
    "To set requires_grad_(False) on a leaf, most often on a module's parameters: they get no gradient, and "
    "gradient still passes through the module.": frozen_lets_gradient_through,
    "Several backwards, each for a piece of a batch, before one step of the optimizer.": DEFINES,
    "A tensor made inside inference_mode, unless it is a view of an ordinary one: it has no version counter, and no "
    "backward may need its numbers.": of_inference_mode,
    "A tensor that has no history: is_leaf is true.": a_leaf_has_no_history,
    "Not every write is counted.": what_moves_a_counter,
}
RULES = {
    "A constant that results are written into. parameters() does not give a module's buffers, such as the "
    "running mean of a batch normalisation, and they are in the module's state unless registered with "
    "persistent=False.": (buffers_are_in_the_state_unless_not_persistent),
    "The first backward puts a gradient there; a later one adds its own, in place, but not with "
    "create_graph=True and not for a dense gradient onto a sparse one: then .grad is a new "
    "tensor.": later_gradients_are_added,
}
