"""What a function is given has to say by itself what it holds, when the function has returned."""

import copy
import types
import warnings
from collections import OrderedDict

import pytest
import torch
from support.forks import in_a_fork
from torch import nn
from torch.nn.utils import parametrize

from gradstop.grading.inside.guard.guard import Guard
from gradstop.internals.written import has_versions
from gradstop.observe import Draw


class Hiding(OrderedDict):
    """Says that it is empty."""

    def __bool__(self):
        return False

    def __iter__(self):
        return iter(())


class Groups(list):
    """A list of a class of its own."""


class Lying(nn.Parameter):
    """Says of itself what it likes."""


class Renamed(nn.Linear):
    """Lists nothing."""

    def named_parameters(self, *_, **__):
        return iter(())


def net():
    return nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 1)))


def optimizer():
    return torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)


def function():
    return lambda: None


def hides_in(name):
    return lambda module: vars(module).update({name: Hiding(vars(module)[name])})


def of_the_inner(change):
    return lambda module: change(module[1][0])


def sets(name, value):
    return lambda thing: setattr(thing, name, value(getattr(thing, name)))


LIES = [
    (net, sets("named_modules", lambda _: lambda *_: iter(()))),
    (net, of_the_inner(sets("state_dict", lambda _: dict))),
    (net, of_the_inner(sets("__class__", lambda _: Renamed))),
    (net, of_the_inner(sets("__dict__", Hiding))),
    (net, of_the_inner(hides_in("_parameters"))),
    (net, hides_in("_forward_hooks")),
    (net, hides_in("_modules")),
    (net, of_the_inner(lambda layer: setattr(layer.weight, "__class__", Lying))),
    (function, sets("__dict__", Hiding)),
    (lambda: [function()], lambda several: setattr(several[0], "__dict__", Hiding())),
    (optimizer, sets("param_groups", Groups)),
    (optimizer, lambda one: one.param_groups.__setitem__(0, Hiding(one.param_groups[0]))),
    (lambda: torch.ones(1, requires_grad=True), sets("_backward_hooks", lambda _: Hiding({1: print}))),
]


@pytest.mark.parametrize(("made", "change"), LIES)
def test_what_hides_what_it_holds_is_refused(made, change):
    def body():
        with pytest.raises(TypeError):
            Guard().around(change)(made())

    in_a_fork(body)


def test_a_leaf_that_was_drawn_is_looked_at_too():
    def body():
        guard, draw = Guard(), Draw(1)
        x = draw.tensor("x", "interior", (2,))
        guard.watch(draw)
        leaf = draw.source(x)
        assert guard.around(lambda x: x * 1)(x) is not None
        with pytest.raises(TypeError):
            guard.around(lambda _: setattr(leaf, "__class__", Lying))(x)

    in_a_fork(body)


def swaps_in_a_hook(leaf):
    other = leaf.detach().clone().requires_grad_()
    other.register_hook(torch.zeros_like)
    torch._C._swap_tensor_impl(leaf, other)


def test_a_hook_that_a_leaf_does_not_show_is_not_run():
    def body():
        guard, module = Guard(), net()
        alone, within = torch.ones(1, requires_grad=True), module[1][0].weight
        within.register_hook(lambda gradient: 2 * gradient)
        swaps_in_a_hook(x := torch.ones(1, requires_grad=True))
        (3 * x).backward()
        assert x.grad == 0
        guard.around(swaps_in_a_hook)(alone)
        guard.around(lambda module: swaps_in_a_hook(module[1][0].weight))(module)
        ((3 * alone).sum() + (3 * within).sum()).backward()
        assert alone.grad == 3
        assert torch.equal(within.grad, torch.full_like(within, 6))

    in_a_fork(body)


def ordinary(module, one, called):
    module.train = types.MethodType(lambda self, mode=True: self, module)
    module[1][0].forward = module[1][0].forward
    module[0].register_forward_hook(lambda *_: None)
    module[0].weight.register_hook(lambda gradient: gradient)
    parametrize.register_parametrization(module[0], "weight", nn.Identity())
    module[1][0].bias = None
    one.add_param_group({"params": [torch.ones(1, requires_grad=True)]})
    called.noted = 1


def test_what_answers_do_to_what_they_are_given_is_let_through():
    def body():
        Guard().around(ordinary)(net(), optimizer(), function())

    in_a_fork(body)


CASES = """
import warnings
from typing import NamedTuple
from torch import nn

class Kept(NamedTuple):
    seen: tuple
    def look(self):
        return 1

class Net(nn.Module):
    def forward(self, x):
        return x

class Settings:
    def __init__(self):
        self.one = 1

def warns():
    warnings.warn("once")
"""


def replaces(names):
    names["Kept"].look = lambda self: 2


def replaces_and_puts_back(names):
    before = names["Kept"].look
    replaces(names)
    names["Kept"].look = before


def replaces_a_name(names):
    names["Kept"] = None


def does_what_python_notes(names):
    copy.deepcopy([names["Settings"](), names["Kept"](()), names["Net"]()])
    assert [names[name].__annotations__ for name in ("Kept", "Settings")] == [{"seen": tuple}, {}]
    with warnings.catch_warnings(action="ignore"):
        names["warns"]()


def patches_a_module(names):
    before = names["Net"].forward
    names["Net"].forward = lambda self, x: before(self, x)
    names["Net"].forward = before


@pytest.mark.parametrize(
    ("function", "ends"),
    [
        (replaces, True),
        pytest.param(
            replaces_and_puts_back,
            True,
            marks=pytest.mark.skipif(not has_versions(), reason="what it held meanwhile is not seen"),
        ),
        (replaces_a_name, True),
        (does_what_python_notes, False),
        (patches_a_module, False),
    ],
)
def test_a_call_changes_no_class_of_the_cases(function, ends):
    """Code of the cases runs inside of calls, and counts there."""

    def body():
        names, guard, ended = {"__name__": "cases"}, Guard(), []
        exec(CASES, names)
        guard.keep(names)
        guard._end = lambda: ended.append(True)
        guard.around(function)(names)
        assert bool(ended) is ends
        assert names["Kept"](()).look() == 1

    in_a_fork(body)
