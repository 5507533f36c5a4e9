"""What holds a tensor: a variable, an attribute, a place in a list or a dictionary, a function that has it."""

import functools
import gc
import sys
import types
from collections import deque
from typing import Any

from torch.autograd.function import FunctionCtx

from gradstop.watch.lines import USER, Line, kind_of

CTX = "ctx of "  # that of a custom Function


def holder_of(item: Any, depth: int = 6) -> str:
    """Return in words what holds a tensor: ``outs[0]["loss"]``; empty where nothing was found."""
    path, seen = "", {id(item)}
    for _ in range(depth):
        name = _variable(item)
        if name:
            return name + path
        owner, word, ends = _held_by(item, seen)
        if owner is None:
            break
        path = word + path
        if ends:
            return path
        item = owner
        seen.add(id(item))
    return f"a {type(item).__name__}, at {path}" if path else ""


def _held_by(item: Any, seen: set[int]) -> tuple[Any, str, bool]:
    """Return a container that holds an item, how it names it, and whether the search ends there."""
    # The list goes with this call, so that it is not found next. Functions come last: a list's name says more.
    for referrer in sorted(gc.get_referrers(item), key=lambda r: isinstance(r, tuple | types.CellType)):
        if id(referrer) not in seen and (step := _step(referrer, item)) is not None:
            return referrer, *step
    return None, "", False


def _variable(item: Any) -> str:
    """Return the name under which a function of the user's that is running has it."""
    frame = sys._getframe(1)
    while frame is not None:
        if kind_of(frame.f_code.co_filename) == USER:
            for name, value in frame.f_locals.items():
                if value is item and not name.startswith("_"):
                    return name
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def _step(referrer: Any, item: Any) -> tuple[str, bool] | None:
    """Return how a container names the item, and whether it is somebody's attributes or variables."""
    if isinstance(referrer, list | deque | tuple):
        place = next((i for i, value in enumerate(referrer) if value is item), None)
        return None if place is None else (f"[{place}]", False)
    if isinstance(referrer, set | frozenset):
        return "", False
    if isinstance(referrer, dict):
        return _in_dictionary(referrer, item)
    if isinstance(referrer, types.CellType):
        return _in_function(referrer)
    if isinstance(referrer, types.FunctionType):
        return (_function("a default", referrer), True) if item is referrer.__defaults__ else None
    if isinstance(referrer, functools.partial):
        return f"a functools.partial of {getattr(referrer.func, '__name__', 'a function')}", True
    if isinstance(referrer, types.GeneratorType):
        held: Any = referrer.gi_frame.f_locals if referrer.gi_frame else {}
        name = next((key for key, value in held.items() if value is item), None)
        return None if name is None else (f"{name} of the generator {referrer.__name__}", True)
    return _in_attributes(referrer, item)


def _in_dictionary(referrer: dict[Any, Any], item: Any) -> tuple[str, bool] | None:
    name = next((key for key, value in list(referrer.items()) if value is item), None)
    if name is None:
        return None
    if "__name__" in referrer and "__builtins__" in referrer:
        return str(name), True
    owner = next((r for r in gc.get_referrers(referrer) if getattr(r, "__dict__", None) is referrer), None)
    return (f"[{name!r}]", False) if owner is None else (_attribute(owner, name), True)


def _in_function(cell: types.CellType) -> tuple[str, bool] | None:
    """Say which function has a cell, and what the variable in it is called there."""
    for cells in gc.get_referrers(cell):
        if isinstance(cells, tuple):
            for function in gc.get_referrers(cells):
                if isinstance(function, types.FunctionType) and function.__closure__ is cells:
                    named = zip(function.__code__.co_freevars, cells, strict=True)
                    name = next(name for name, its in named if its is cell)  # cells are equal where contents are
                    return _function(name, function), True
    return None


def _function(what: str, function: types.FunctionType) -> str:
    code = function.__code__
    return f"{what} of {function.__name__} ({Line(code.co_filename, code.co_firstlineno, '').place})"


def _in_attributes(referrer: Any, item: Any) -> tuple[str, bool] | None:
    if isinstance(referrer, types.ModuleType | types.FrameType | type):
        return None
    kind = type(referrer)
    held = getattr(referrer, "__dict__", None)
    names = list(held) if isinstance(held, dict) else []
    for base in kind.__mro__:
        slots = vars(base).get("__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
    name = next((name for name in names if _read(referrer, name) is item), None)
    return None if name is None else (_attribute(referrer, name), True)


def _attribute(owner: Any, name: str) -> str:
    of = CTX if isinstance(owner, FunctionCtx) else ""
    return f"{of}{type(owner).__name__}.{name}"


def _read(owner: Any, name: str) -> Any:
    try:
        return object.__getattribute__(owner, name)
    except AttributeError:
        return None
