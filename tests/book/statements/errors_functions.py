"""The clinic: your own Functions, and hooks."""

import torch
from support.kinds import Nothing, back, leaves, raises
from torch import nn
from torch.autograd import Function

from statements import CLINIC, DO, HERE, NAMES


def made(forward, backward):
    """Return a Function of these two."""
    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Made", (Function,), methods)


def one_gradient_for_each_argument():
    x = torch.ones(2, requires_grad=True)

    def gone_back(*answers):
        scale = made(lambda ctx, a, k, flag: a * k, lambda ctx, g: answers)
        return raises(scale.apply(x, 3.0, True).sum().backward)

    g = torch.ones(2)
    return {
        "one for each": not gone_back(g, None, None),
        "too few": gone_back(g),
        "too few, a tuple": gone_back(g, None),
        "one too many": gone_back(g, None, None, g),
        "None for what has one": not gone_back(None, None, None),
    }


def nothing_comes_back_in_silence():
    outcome = {}
    for kind, x in leaves().items():
        back(Nothing.apply(x))
        outcome[kind] = x.grad is None
    w = nn.Parameter(torch.ones(2))
    back(Nothing.apply(w) * w)
    return outcome | {"beside another path": w.grad.tolist() == [2, 2]}


def backward_gets_one_for_each_result():
    seen = []

    def several(use):
        twice = made(lambda ctx, x: (x * 2, x * 3, 4), lambda ctx, *g: seen.append(len(g)) or g[0])
        use(twice.apply(torch.ones(2, requires_grad=True))).sum().backward()
        return seen.pop() == 3

    return {
        "the first": several(lambda results: results[0]),
        "both": several(lambda results: results[0] + results[1]),
        "the first twice": several(lambda results: results[0] * results[0]),
        "with the number": several(lambda results: results[0] * results[2]),
    }


def hooked(answer, x):
    x.register_hook(answer)
    return raises(back, x * 3)


def a_hook_returns_the_same_form():
    outcome = {}
    for kind in ("two elements", "0-d", "matrix", "complex", "float16", "a parameter"):
        of_another_shape = hooked(lambda g: g.reshape(1, -1), leaves()[kind])
        of_another_dtype = hooked(lambda g: g.to(torch.float64), leaves()[kind])
        same = hooked(lambda g: g * 2, leaves()[kind])
        none = hooked(lambda g: None, leaves()[kind])
        outcome[kind] = of_another_shape and of_another_dtype and not same and not none
    return outcome | {"a number": hooked(lambda g: 0.0, leaves()["two elements"])}


def a_leaf_that_requires_grad_is_refused_after_the_write():
    double = made(lambda ctx, x: (ctx.mark_dirty(x), x.mul_(2))[1], lambda ctx, g: 2 * g)
    outcome = {}
    for kind, x in leaves().items():
        before = x.detach().clone()
        outcome[kind] = raises(double.apply, x) and torch.equal(x.detach(), 2 * before)
    return outcome


STATEMENTS = CLINIC | {
    "You have written a torch.autograd.Function or a hook, and torch does not accept what it returns, or never "
    "calls it.": (NAMES),
    "Why. backward returns one gradient for each argument of forward, and None for what has none, as the number k.": (
        one_gradient_for_each_argument
    ),
    "A backward that does nothing returns None: no gradient, and no message.": nothing_comes_back_in_silence,
    "Double.forward(None, x) runs, and your backward is never called.": HERE,
    "Two results, two upstream gradients: backward is called with ctx and one for each result, used or not.": (
        backward_gets_one_for_each_result
    ),
    "See What each operation saves.": NAMES,
    "Torch then makes the returned input the result of your Function, so it must be returned.": DO,
    "See A version for every write.": NAMES,
    "Without mark_dirty no message comes. h is doubled, and its gradient is not.": HERE,
    'As with x.mul_(2) itself: a leaf that requires grad has no history to change. "Has been" is meant: the write is '
    "done.": a_leaf_that_requires_grad_is_refused_after_the_write,
    "It tells what arrives at z; that goes no further.": HERE,
    "What a hook returns takes the place of the gradient, so it must be a tensor of the same shape and dtype.": (
        a_hook_returns_the_same_form
    ),
    "See Constants leave no edge.": NAMES,
}
