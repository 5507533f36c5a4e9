"""Puts back what a submission has changed of torch and of Python, before it is observed and after each of its calls.

What a submission has added stays (an attribute on ``Tensor`` that its own functions use), unless it hides something.
"""

import base64
import builtins
import copy
import gc
import json
import math
import operator
import os
import random
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy
import torch
from torch import nn

from gradstop.grading.inside.guard.classes import Kinds, changeable, used_by
from gradstop.grading.inside.guard.left_on import LeftOn
from gradstop.grading.inside.guard.plain_values import require_plain
from gradstop.grading.inside.guard.running import Running
from gradstop.internals.torch import namespaces, refuse_registrations, set_frame_evaluation
from gradstop.internals.written import written

_MISSING = object()
_DATA = {int, float, str, bytes, bool, tuple, list, dict, set, type(None)}
_HOLDERS: tuple[Any, ...] = (
    builtins,
    base64,
    copy,
    json,
    math,
    operator,
    os,
    random,
    select,
    signal,
    socket,
    socket.socket,
    time,
    torch.Tensor,
    nn.Parameter,
    nn.Module,
    torch.autograd.Function,
    torch,
    torch.autograd,
    torch.autograd.graph,
    torch.autograd.functional,
    torch.autograd.function,
    torch.func,
    torch.nn,
    nn.functional,
    nn.init,
    nn.utils,
    torch.optim,
    torch.optim.Optimizer,
    torch.utils.checkpoint,
    *namespaces,
    numpy,
)
_OBSERVING = ("gradstop.observe", "gradstop.record", "gradstop.internals", "gradstop.grading.inside")
_T = TypeVar("_T")
_LOOKS = range(100)  # at what is put back, and replaced again
_BY_TORCH = {"torch.manual_seed"}  # torch._dynamo puts another in its place when it is loaded
# What is called after each call of a submission's function, out of its reach.
_collection = gc.enable


class Guard:
    """What torch and Python, and what observes, looked like when the guard was made."""

    def __init__(self) -> None:
        self._before: list[_Before] = []
        self._kinds, self._written = Kinds(), written()
        observing = [vars(module) for name, module in sys.modules.items() if name.startswith(_OBSERVING[0])]
        self._hold_all((*_HOLDERS, *_ours()), *used_by(*observing))

    def keep(self, *names: dict[str, Any]) -> None:
        """Put these back too, and the classes that their functions use.

        A submission's code finds the names by way of the frames below its call.
        """
        self._hold_all(map(_Names, names), *used_by(*names))

    def keep_what_runs(self, run: Callable[[], object]) -> None:
        """Put back what is looked up while ``run`` observes something, too."""
        running = Running()
        sys.setprofile(running.look)
        try:
            run()
        finally:
            sys.setprofile(None)
        modules = {id(vars(module)): module for module in sys.modules.values()}
        classes = ((kind, list(vars(kind))) for kind in changeable(running.classes))
        places = ((modules.get(id(place), _Names(place)), names) for place, names in running.places.values())
        self._hold((*classes, *places))

    def _hold_all(self, holders: Iterable[Any], classes: Iterable[type], modules: Iterable[Any]) -> None:
        self._hold(((one, None) for one in (*holders, *classes)), modules)

    def _hold(self, holders: Iterable[tuple[Any, Iterable[str] | None]], modules: Iterable[Any] = ()) -> None:
        """Put back what these hold, all or what has these names, and of which class they and the modules are."""
        known = {id(before.holder) for before in self._before}
        fresh = {id(one): (one, names) for one, names in holders if id(one) not in known}
        self._kinds.hold((*(one for one, _ in fresh.values()), *modules))
        self._before += [_Before(one, names) for one, names in fresh.values()]
        self._written.hold([vars(one) for one, _ in fresh.values()])

    def restore(self) -> list[str]:
        """Put back what has been replaced, taken away or hidden; return the names of what torch has not done itself.

        Raises:
            RuntimeError: where it does not stay.

        """
        changed: list[str] = []
        for _ in _LOOKS:
            found = self._kinds.restore()
            for place in self._written.look():
                found += self._before[place].restore()
            if not found:
                self._written.note()
                break
            changed += found  # once more, for what is dropped may run code of the submission's when it is
        else:
            raise RuntimeError("what is put back is replaced again and again")
        return [name for name in changed if name not in _BY_TORCH]

    def after(self, run: Callable[[], _T]) -> _T:
        """Return what ``run`` does, a backward in which hooks of the submission's may run, and restore after it."""
        on = LeftOn()
        try:
            return run()
        finally:
            set_frame_evaluation(None)  # here: another function could be run as other code
            on.take_off()
            self.restore()

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with a guard that restores when it has returned, and that refuses lying results."""

        def guarded(*args: Any, **kwargs: Any) -> Any:
            on = LeftOn()
            _collection()
            try:
                result = function(*args, **kwargs)
            finally:
                set_frame_evaluation(None)
                on.take_off()
                self.restore()
                for given in (*args, *kwargs.values()):
                    require_plain(given)
            require_plain(result)
            return result

        return guarded


class _Names:
    """What a dictionary holds, as attributes."""

    __name__ = "names"

    def __init__(self, held: dict[str, Any]) -> None:
        self.__dict__ = held


class _Before:
    """What one module or class held: all, or what runs of that which has these names; numbers and lists may change."""

    def __init__(self, holder: Any, names: Iterable[str] | None) -> None:
        self.holder, self._name = holder, holder.__name__
        held = vars(holder)
        self._items = dict(held)
        if names is not None:
            self._items = {name: held[name] for name in names if type(held[name]) not in _DATA}
        self._there = set(held)
        self._identities = list(map(id, held.values())) if names is None else None

    def restore(self) -> list[str]:
        """Put back what is not as it was; return the names."""
        now = vars(self.holder)
        # By identity, and in one pass of the interpreter's own: a value may claim to equal any other.
        if self._identities is not None and list(map(id, now.values())) == self._identities:
            return []
        return [f"{self._name}.{name}" for name in (*self._put_back(now), *self._uncover(now))]

    def _put_back(self, now: Any) -> list[str]:
        changed = [name for name, value in self._items.items() if now.get(name, _MISSING) is not value]
        for name in changed:
            setattr(self.holder, name, self._items[name])
        return changed

    def _uncover(self, now: Any) -> list[str]:
        """Take away what has been added and hides something: of a base class, or of builtins."""
        hidden = self.holder.__mro__[1:] if isinstance(self.holder, type) else (builtins,)
        hiding = [name for name in now if name not in self._there and any(name in vars(one) for one in hidden)]
        for name in hiding:
            delattr(self.holder, name)
        return hiding


def _ours() -> Iterator[Any]:
    """Yield the modules that observe, and their classes: what is loaded of them when a guard is made."""
    for name, module in list(sys.modules.items()):
        if name.startswith(_OBSERVING):
            yield module
            yield from (
                thing for thing in vars(module).values() if isinstance(thing, type) and thing.__module__ == name
            )


def keep_kernels() -> None:
    """Refuse other kernels for torch's own operators from now on; operators of the submission's own are free."""
    refuse_registrations("aten", "torch's own operators stay as they are in a notebook that is graded")
