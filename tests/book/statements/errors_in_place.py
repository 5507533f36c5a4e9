"""The clinic: editing in place."""

import torch
from support.kinds import back, constants, interiors, leaves, raises
from torch import nn

from statements import CLINIC, DEFINES, DO, HERE
from statements.detach_in_place import in_inference_mode_nothing_is_cut
from statements.not_noticed import one_counter_for_tensor_and_views


def a_leaf_refuses():
    edits = {
        "+=": lambda x: x.add_(1),
        "copy_": lambda x: x.copy_(torch.ones_like(x)),
        "zero_": lambda x: x.zero_(),
        "relu_": lambda x: nn.ReLU(inplace=True)(x),
        "clamp_": lambda x: x.clamp_(0),
    }
    return {
        f"{name}, {kind}": raises(edit, x)
        for name, edit in edits.items()
        for kind, x in leaves().items()
        if kind != "complex" or name in ("+=", "copy_", "zero_")
    }


def data_is_accepted():
    outcome = {}
    for kind, x in leaves().items():
        if kind != "empty":
            y = x**2
            x.data[(0,) * x.dim()] = 0
            outcome[kind] = not raises(back, y)
    return outcome


def leaves_have_no_such_name():
    def said(x):
        y = x**2
        x.detach().add_(1)
        try:
            back(y)
        except RuntimeError as error:
            return str(error)

    kinds = ("two elements", "0-d", "matrix", "float64", "a parameter")
    outcome = {kind: "is output" not in said(leaves()[kind]) for kind in kinds}
    return outcome | {"interior": "is output 0 of Mul" in said(interiors()["two elements"])}


def detach_in_place_cuts_later_uses():
    outcome = {}
    for kind, h in interiors().items():
        if kind not in ("a slice", "a row"):  # views refuse
            h.detach_()
            outcome[kind] = not (h * 2).requires_grad and not h.sum().requires_grad and not h.detach().requires_grad
    return outcome


def one_of_several_views_refuses():
    several = {
        "unbind": lambda h: h.unbind()[0],
        "split": lambda h: h.split(1)[0],
        "chunk": lambda h: h.chunk(2)[0],
        "a loop over the rows": lambda h: next(iter(h)),
    }
    return {
        f"{name}, {kind}": raises(lambda take=take, h=h: take(h).add_(1))
        for name, take in several.items()
        for kind, h in {"vector": interiors()["two elements"], "matrix": interiors()["matrix"]}.items()
    }


def it_says_so_when_a_use_is_recorded():
    def after(use):
        first, _ = (torch.ones(2, requires_grad=True) * 2).unbind()
        first._base.mul_(10)
        return raises(use, first)

    return {
        "times": after(lambda first: first * 2),
        "plus": after(lambda first: first + 1),
        "backward": after(lambda first: first.backward()),
        "not by item": not after(lambda first: first.item()),
        "nor under no_grad": not after(torch.no_grad()(lambda first: first * 2)),
    }


def a_write_to_an_expanded_one():
    starts = {"a matrix": torch.zeros(1, 2), "a row": torch.zeros(2), "complex": torch.zeros(2, dtype=torch.complex64)}
    outcome = {"one number cannot be written to as a row": raises(torch.zeros(()).expand(3, 2).__setitem__, 0, 5.0)}
    for kind, start in starts.items():
        y = start.expand(3, 2)
        refused = raises(y.add_, 1)
        y[0] = 5.0
        outcome[kind] = refused and bool((y == 5).all())
    return outcome


def integers_have_no_gradient():
    x = torch.ones(2, requires_grad=True)
    return {str(dtype): not x.to(dtype).requires_grad for dtype in (torch.int64, torch.int32, torch.uint8, torch.bool)}


def a_new_tensor_leaves_the_source():
    outcome = {}
    for kind, c in constants().items():
        before = c.clone()
        first = c.clone() + 1
        outcome[kind] = torch.equal(c, before) and first.shape == c.shape
    return outcome


STATEMENTS = CLINIC | {
    "(Inside inference_mode the call runs, and cuts nothing: no other tensor either.) See Views refuse.": (
        in_inference_mode_nothing_is_cut
    ),
    "A recorded edit would give it one: then no gradient could arrive in its .grad. copy_(), zero_(), clamp_() and "
    "ReLU(inplace=True) are refused like +=.": a_leaf_refuses,
    "This leaf requires grad and has no history.": DEFINES,
    "It gets no .grad, and the optimizer keeps the old one.": HERE,
    "Exp and Mul are what made the tensor, not the write; leaves and constants have no such name. exp saves its "
    "result, and save an input.": leaves_have_no_such_name,
    "That went to a different element, but all of h has one version counter.": one_counter_for_tensor_and_views,
    "Reading h.data[i - 1] is silent, and cuts each step off from the one before.": HERE,
    "First all backwards, then all steps.": DO,
    "Print _version after each suspect line.": DO,
    "Then switch the mode off: it repairs nothing, and each step is slower.": DO,
    "In anomaly mode each operation of the forward notes the line that called it.": HERE,
    "Here only the backward runs in the mode: it can name the node, and nothing more.": HERE,
    "It cuts every later use of h, not only the last element.": detach_in_place_cuts_later_uses,
    "If you want only the numbers, as with the features of a frozen net, make a new tensor: first = first + 1.": (
        a_new_tensor_leaves_the_source
    ),
    "A clone of the view can be edited. w no longer changes.": HERE,
    "Autograd cannot re-record one of them.": one_of_several_views_refuses,
    "For one of several views torch cannot write the new history, and says so when a use of it is recorded.": (
        it_says_so_when_a_use_is_recorded
    ),
    "A write to one element would write to all.": a_write_to_an_expanded_one,
    "(y[0] = 5.0 may pass: where the rows alone are shared, it changes all of them.) See Views and aliases.": (
        a_write_to_an_expanded_one
    ),
    "Each step reads what the step before has written: 7, not 6.": HERE,
    "One number has no room for two, and integers none for fractions.": DEFINES,
    "Integers have no gradient: x is cut off.": integers_have_no_gradient,
}
RULES = {
    "Not a cure. w.data[0] = … is accepted, also when a loss has saved w.": data_is_accepted,
}
