"""The clinic: backward and grad."""

import warnings

import torch
from support.kinds import back, constants, interiors, leaves, raises
from torch import nn
from torch.nn import functional

from statements import CLINIC, DO, HERE, NAMES
from statements.claims import asking_fills_no_leaf


def without_a_history_it_raises():
    kinds = constants()
    del kinds["empty"], kinds["bool"], kinds["integer"], kinds["complex"]
    return {kind: raises(lambda c=c: c.sum().backward()) for kind, c in kinds.items()}


def under_vmap_there_is_no_history():
    w = torch.ones(2, requires_grad=True)

    def of(take):
        return lambda x: torch.autograd.grad((w * x).sum(), take(x))[0]

    data = torch.ones(3, 2, requires_grad=True)
    return {
        "the input": raises(torch.vmap(of(lambda x: x)), data),
        "a weight from outside": raises(torch.vmap(of(lambda x: w)), data),
        "a constant": raises(torch.vmap(of(lambda x: w)), data.detach()),
        "nested": raises(torch.vmap(torch.vmap(of(lambda x: x))), torch.ones(3, 2, 2, requires_grad=True)),
        "of what was computed outside": torch.vmap(lambda v: torch.autograd.grad(w**2, w, v)[0])(torch.eye(2))
        .any()
        .item(),
        "the cure": torch.equal(torch.vmap(torch.func.grad(lambda x: (x**2).sum()))(data.detach()), 2 * data.detach()),
    }


def a_sum_fits_every_shape():
    outcome = {}
    for kind, x in leaves().items():
        if kind != "complex":
            (x * 2).sum().backward()
            outcome[kind] = x.grad.shape == x.shape and bool((x.grad == 2).all())
    return outcome


def item_gives_a_number():
    numbers = {"float": torch.ones(1), "0-d": torch.tensor(1.0), "complex": torch.ones(1, dtype=torch.complex64)}
    numbers |= {"integer": torch.tensor(1), "bool": torch.tensor(True), "parameter": nn.Parameter(torch.ones(1))}
    return {
        kind: isinstance(x.item(), (int, float, complex)) and not hasattr(x.item(), "grad_fn")
        for kind, x in numbers.items()
    }


def a_constant_gets_no_gradient():
    outcome = {}
    for kind, c in constants().items():
        if kind != "inference":
            x = torch.ones((), dtype=c.dtype if c.is_floating_point() else torch.float32, requires_grad=True)
            y = x * c
            y.backward(torch.ones_like(y))
            outcome[kind] = c.grad is None and raises(c.retain_grad)
    return outcome


def activations_without_a_flag():
    net, frozen = nn.Linear(2, 2), nn.Linear(2, 2).requires_grad_(False)
    data = torch.ones(1, 2)
    with torch.no_grad():
        inside = net(data)
    return {
        "under no_grad": raises(inside.retain_grad),
        "a frozen net": raises(frozen(data).retain_grad),
        "a frozen convolution": raises(nn.Conv1d(1, 1, 1).requires_grad_(False)(torch.ones(1, 1, 2)).retain_grad),
        "the cure": not raises(frozen(data.requires_grad_()).retain_grad),
    }


def infinity_passes():
    outcome = {}
    with warnings.catch_warnings(action="ignore"):
        for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
            x = torch.zeros(1, dtype=dtype, requires_grad=True)
            with torch.autograd.set_detect_anomaly(True):
                x.sqrt().sum().backward()
                outcome[f"{dtype}, nan"] = raises((0 * x.sqrt()).sum().backward)
            outcome[str(dtype)] = bool(x.grad.isinf().all())
    return outcome


def some_have_no_formula():
    x, a = torch.ones(2, requires_grad=True), torch.ones(1, 2, requires_grad=True)

    def twice():
        (g,) = torch.autograd.grad(torch.cdist(a, torch.zeros(1, 2)).sum(), a, create_graph=True)
        g.sum().backward()

    return {
        "heaviside": raises(torch.heaviside(x, torch.zeros(2)).sum().backward),
        "floor division": raises((x // 2).sum().backward),
        "cdist, once": not raises(torch.cdist(a, torch.zeros(1, 2)).sum().backward),
        "a second backward of cdist raises": raises(twice),
    }


def a_weight_is_no_argument_of_a_gradient():
    p, weight = torch.tensor([0.5, 0.25], requires_grad=True), torch.ones(2, requires_grad=True)

    def loss(w, **options):
        return functional.binary_cross_entropy(p, torch.ones(2), weight=w, **options)

    return {
        "mean": raises(loss, weight),
        "none": raises(lambda: loss(weight, reduction="none")),
        "interior": raises(loss, weight * 1),
        "0-d": raises(loss, torch.tensor(1.0, requires_grad=True)),
        "constant": not raises(loss, weight.detach()),
    }


def looked_at_after_retaining():
    outcome = {}
    for kind, h in interiors().items():
        h.retain_grad()
        back(h)
        outcome[kind] = h.grad is not None
    return outcome


STATEMENTS = CLINIC | {
    "The loss has no history.": without_a_history_it_raises,
    "Or no leaf requires grad at all.": HERE,
    "What is computed inside vmap shows autograd.grad no history: write vmap(torch.func.grad(f)).": (
        under_vmap_there_is_no_history
    ),
    "Find the first tensor that requires no grad.": DO,
    'The first loss has two elements, as with reduction="none", a missing mean(), or one loss from each GPU; the '
    "second is complex.": HERE,
    "In a loop, cut the state that is carried on, or compute anew in each step.": DO,
    "Not a cure. retain_graph=True keeps every step's graph.": HERE,
    "Each backward walks all of them again: 1 + 4 + 12 instead of 1 + 2 + 4, and the memory grows.": HERE,
    "(A layer that this loss truly does not use has no gradient: for it allow_unused=True and None are right.": DO,
    "The argument of backward is the upstream gradient, a tensor with one number for each element of y.": HERE,
    "Not a cure. y.sum().backward() fits every shape.": a_sum_fits_every_shape,
    "It asks for all weights 1, and yours are lost.": HERE,
    "Give one for each, in the same order.": DO,
    "Why. item() gives a Python number, and numbers have no graph.": item_gives_a_number,
    "If you only want to look, retain before backward.": looked_at_after_retaining,
    "Why. z is a constant: as it is, no gradient arrives there.": a_constant_gets_no_gradient,
    "So is an activation under no_grad, and in a frozen net whose input has no flag (Grad-CAM).": (
        activations_without_a_flag
    ),
    "Retain on the tensor that is in the graph; if all is frozen, let the input require grad.": DO,
    "The optimizer broadcasts, and every element gets the one number.": HERE,
    "It looks for nan only: infinity passes.": infinity_passes,
    "Cure. torch.autograd.grad returns the gradient and stores it in no leaf.": asking_fills_no_leaf,
    "Some operations have no formula for backward; others, as cdist, have none for the backward of their backward.": (
        some_have_no_formula
    ),
    "See Zero gradient or no gradient.": NAMES,
    "In a sum with other terms nothing tells you that x gets no gradient here.": HERE,
    "The loss takes weight as given numbers: it has no formula for its gradient.": (
        a_weight_is_no_argument_of_a_gradient
    ),
    "If the weights are to learn, take the loss of each element and multiply it yourself.": DO,
}
