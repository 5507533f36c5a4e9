"""The clinic: parameters, optimizers, checkpoints."""

import torch
from support.kinds import raises
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.utils.checkpoint import checkpoint

from statements import CLINIC, DO, HERE, NAMES


def of_another_kind_it_is_computed():
    def interior(change):
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        h = change(w)
        return h is not w and not h.is_leaf

    return {
        "times": interior(lambda w: w * 0.1),
        "double": interior(lambda w: w.double()),
        "half": interior(lambda w: w.half()),
        "to": interior(lambda w: w.to(torch.bfloat16)),
        "to, a copy": interior(lambda w: w.to(torch.float32, copy=True)),
        "nothing to change": not interior(lambda w: w.to(torch.float32)),
        "nor here": not interior(lambda w: w.float()),
    }


def each_shared_weight_once():
    lin = nn.Linear(2, 2)
    tied = nn.Module()
    tied.a, tied.b = nn.Embedding(2, 2), nn.Linear(2, 2, bias=False)
    tied.b.weight = tied.a.weight
    return {
        "a shared module": len(list(nn.Sequential(lin, lin).parameters())) == 2,
        "a tied weight": len(list(tied.parameters())) == 1,
        "in a list": len(dict.fromkeys([lin.weight, lin.weight, lin.bias])) == 2,
        "equal numbers are two": len(dict.fromkeys([nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))])) == 2,
    }


def taken_twice():
    outcome = {}
    for name, options in {"plain": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}.items():
        for kind, value in {"two": torch.ones(2), "0-d": torch.tensor(1.0), "double": torch.ones(2).double()}.items():
            w = nn.Parameter(value.clone())
            w.grad = torch.ones_like(w)
            torch.optim.SGD([w, w], lr=0.25, **options).step()
            outcome[f"{name}, {kind}"] = bool((w == 0.5).all())
    return outcome


def loaded_by_position():
    def moves(optimizer):
        w, b = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(3))
        w.grad, b.grad = torch.ones(2), torch.ones(3)
        first = optimizer([w, b])
        first.step()
        second = optimizer([b, w])
        return raises(second.load_state_dict, first.state_dict())

    return {
        "Adam": not moves(lambda p: torch.optim.Adam(p)),
        "SGD": not moves(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
        "AdamW, fused": not moves(lambda p: torch.optim.AdamW(p, fused=True)),
    }


def a_weight_that_learns_is_of_floats():
    return {
        str(dtype): raises(lambda d=dtype: setattr(nn.Parameter(torch.ones(2)), "data", torch.ones(2, dtype=d)))
        for dtype in (torch.int64, torch.int32, torch.uint8, torch.bool)
    }


def clipped(gradients, **options):
    weights = [nn.Parameter(torch.ones_like(g)) for g in gradients]
    for w, g in zip(weights, gradients, strict=True):
        w.grad = g.clone()
    norm = clip_grad_norm_(weights, 1.0, **options)
    return norm, [w.grad for w in weights]


def clipping_takes_all_together():
    outcome = {}
    for name, options in {
        "plain": {"foreach": False},
        "foreach": {"foreach": True},
        "max": {"norm_type": torch.inf},
    }.items():
        gradients = [torch.tensor([3.0]), torch.tensor([4.0, 0.0])]
        norm, got = clipped(gradients, **options)
        outcome[name] = all(torch.allclose(g, h / norm, atol=1e-5) for g, h in zip(got, gradients, strict=True))
    return outcome


def one_nan_spoils_all():
    bad = torch.tensor([float("nan"), 1.0])
    kinds = {"vector": torch.ones(2), "0-d": torch.tensor(1.0), "matrix": torch.ones(2, 2)}
    return {
        f"{kind}, foreach={foreach}": bool(clipped([bad, good], foreach=foreach)[1][1].isnan().all())
        for kind, good in kinds.items()
        for foreach in (True, False)
    }


def bfloat16_reaches_as_far():
    wide, half = torch.finfo(torch.bfloat16), torch.finfo(torch.float16)
    single = torch.finfo(torch.float32)
    small = torch.tensor(1e-30)
    return {
        "the smallest": wide.tiny == single.tiny and half.tiny > 1e-5,
        "the largest": wide.max > 1e38 and half.max == 65504,
        "a small gradient": bool(small.bfloat16() != 0) and bool(small.half() == 0),
    }


def it_fills_what_it_reaches():
    def filled(block, *leaves):
        checkpoint(block, leaves[0], use_reentrant=True).sum().backward()
        return all(leaf.grad is not None for leaf in leaves)

    x, w, lin = torch.ones(2, requires_grad=True), nn.Parameter(torch.ones(2)), nn.Linear(2, 2)
    return {
        "input": filled(torch.exp, x),
        "closure": filled(lambda a: a * w, x, w),
        "layer": filled(lambda a: lin(a), x, lin.weight, lin.bias),
        "nested": filled(lambda a: checkpoint(lambda b: b * w, a, use_reentrant=True), x, w),
    }


def the_input_unfreezes_no_weight():
    frozen = nn.Linear(2, 2).requires_grad_(False)
    later = nn.Linear(2, 1)
    x = torch.ones(1, 2, requires_grad=True)
    later(checkpoint(lambda a: frozen(a), x, use_reentrant=True)).sum().backward()
    return {"frozen": frozen.weight.grad is None, "later": later.weight.grad is not None, "input": x.grad is not None}


def changed(first, second, **options):
    ways, x = iter([first, second]), torch.ones(2, requires_grad=True)
    y = checkpoint(lambda a: next(ways)(a), x, use_reentrant=False, **options)
    return raises(y.sum().backward)


def without_it_the_number_is_compared():
    off = {"determinism_check": "none"}
    return {
        "fewer": changed(lambda a: a.exp().exp(), torch.exp, **off),
        "not the shape": not changed(torch.exp, lambda a: a[:1].exp(), **off),
        "not the dtype": not changed(torch.exp, lambda a: a.double().exp().float(), **off),
    }


def compares_form_not_numbers():
    return {
        "number": changed(lambda a: a.exp().exp(), torch.exp),
        "shape": changed(torch.exp, lambda a: a[:1].exp().sum() + a),
        "dtype": changed(torch.exp, lambda a: a.double().exp().float()),
        "not the operation": not changed(torch.exp, torch.cos),
        "not the values": not changed(lambda a: a * torch.tensor(2.0), lambda a: a * torch.tensor(3.0)),
    }


STATEMENTS = CLINIC | {
    "It is not filled, and would be computed anew in each step. to(), double() and cuda() do the same where they "
    "change anything.": of_another_kind_it_is_computed,
    "No loss knows that tensor: its .grad stays None, and each step skips it.": HERE,
    "The layers are trained no more than before; with one registered layer beside them, no message would have told "
    "you.": HERE,
    'One tensor is in two groups, or twice in one: most often a shared weight, or a list of "all others" that does not '
    "leave out the special ones.": HERE,
    "Each tensor once. parameters() does this for shared weights; dict.fromkeys does it for a list.": (
        each_shared_weight_once
    ),
    "A list of the same length is accepted, in any order.": loaded_by_position,
    "Why. w.data = … gives the parameter another memory, with another dtype; a weight that learns cannot be of "
    "integers.": a_weight_that_learns_is_of_floats,
    "Clipping divides by the norm of all gradients together.": clipping_takes_all_together,
    "Without the option, which is off by default, one nan spoils every gradient.": one_nan_spoils_all,
    "Cure. net.parameters() at each use, or one list.": DO,
    "Not one of the parameters has a .grad: you clip before the backward, after zero_grad(), or the loss is cut "
    "off from all of them.": HERE,
    "See Zero gradient or no gradient.": NAMES,
    "An idle optimizer gets no scaler.step.": DO,
    "(Bfloat16 needs no scaler.)": bfloat16_reaches_as_far,
    "A loop that accumulates calls it after each part, or nobody calls update(). step unscales too, so after it "
    "both are refused.": HERE,
    "Once for each step: all backwards, unscale_, clip, step, update.": DO,
    "Two rows against two numbers are broadcast to four pairs: each prediction is compared with each target.": HERE,
    "Not a cure. use_reentrant=True only confirms the older one.": HERE,
    "(Where you cannot choose, let the input require grad, as enable_input_require_grads does: it unfreezes no "
    "weight.)": (the_input_unfreezes_no_weight),
    "Backward runs the function a second time, and it must do the same again.": DO,
    "The reentrant checkpoint marks its output as requiring grad all the same, and finds out in backward.": HERE,
}
RULES = {
    "SGD then takes its step twice.": taken_twice,
    "The reentrant checkpoint runs a backward of its own inside yours, and that fills the leaves it reaches, "
    "asked for or not.": it_fills_what_it_reaches,
    "By default number, shape, dtype and device of what is saved are compared, not values.": compares_form_not_numbers,
    'Not a cure. determinism_check="none" compares the number of tensors alone.': without_it_the_number_is_compared,
}
