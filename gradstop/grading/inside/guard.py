"""Puts back what a submission has changed of torch and of Python, before it is observed and after each of its calls.

What a submission has added stays (an attribute on ``Tensor`` that its own functions use), unless it hides something.
"""

import builtins
import json
from collections.abc import Callable
from typing import Any

import numpy
import torch
from torch import nn

_MISSING = object()
# After each call; the longer list is gone through once, at the start.
_OFTEN: tuple[Any, ...] = (torch.Tensor, nn.Parameter, nn.Module, torch.autograd.Function)
_ONCE: tuple[Any, ...] = (
    builtins,
    json,
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
    torch._tensor,
    numpy,
)


class Guard:
    """What torch and Python looked like when the guard was made."""

    def __init__(self) -> None:
        self._often = [_Before(holder) for holder in _OFTEN]
        self._once = [_Before(holder) for holder in _ONCE]

    def restore(self, *, all_of_it: bool = False) -> list[str]:
        """Put back what has been replaced, taken away or hidden; return the names."""
        changed: list[str] = []
        for before in self._often + (self._once if all_of_it else []):
            changed += before.restore()
        return changed

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with a guard that restores when it has returned, and that refuses lying results."""

        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                result = function(*args, **kwargs)
            finally:
                self.restore()
            _require_plain(result)
            return result

        return guarded


class _Before:
    """What one module or class held."""

    def __init__(self, holder: Any) -> None:
        self._holder = holder
        self._items = dict(vars(holder))
        self._identities = list(map(id, self._items.values()))

    def restore(self) -> list[str]:
        now = vars(self._holder)
        # By identity, and in one pass of the interpreter's own: a value may claim to equal any other.
        if list(map(id, now.values())) == self._identities:
            return []
        return [f"{self._holder.__name__}.{name}" for name in (*self._put_back(now), *self._uncover(now))]

    def _put_back(self, now: Any) -> list[str]:
        changed = [name for name, value in self._items.items() if now.get(name, _MISSING) is not value]
        for name in changed:
            setattr(self._holder, name, self._items[name])
        return changed

    def _uncover(self, now: Any) -> list[str]:
        """Take away what has been added and hides something of a base class."""
        if not isinstance(self._holder, type):
            return []
        bases = self._holder.__mro__[1:]
        hiding = [name for name in now if name not in self._items and any(name in vars(base) for base in bases)]
        for name in hiding:
            delattr(self._holder, name)
        return hiding


def _require_plain(value: Any, depth: int = 3) -> None:
    """Raise TypeError for a tensor of a class that could answer for itself."""
    if isinstance(value, torch._C.TensorBase):
        if type(value) not in (torch.Tensor, nn.Parameter):
            raise TypeError(f"a tensor of the class {type(value).__name__}, where a plain one is asked for")
    elif depth and isinstance(value, list | tuple):
        for item in value:
            _require_plain(item, depth - 1)
    elif depth and isinstance(value, dict):
        for item in value.values():
            _require_plain(item, depth - 1)
