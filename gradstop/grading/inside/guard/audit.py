"""Refuses hooks at audit events, by which a submission's code would run in ours, and other code for others' functions.

An audit hook cannot be taken off again (PEP 578). This one is put on before any submission is forked.
"""

import bdb
import gc
import sys
from collections.abc import Callable
from types import BuiltinMethodType, FunctionType
from typing import Any

from gradstop.internals.cpython import Profiler

CASES = "cases.py"  # the name that the judge compiles an assignment's cases under
_kept: list[FunctionType] = []  # or another function could have the identity of one of these
profiled: list[bool] = []  # not empty where a profiler has registered callbacks that are still to be taken off


def refuse_hooks_and_swapped_code() -> None:
    """From now on refuse audit hooks, and other code or defaults for a function that there is now, or of the cases.

    Those of torch and of the standard library are called by ours.

    From CPython 3.12 on a profiler registers its own methods as callbacks: they are let through, and noted. A hook is
    refused as another hook may do it: who adds it sees no error. The other raises RuntimeError; a debugger, which
    registers callbacks from CPython 3.14 on, ends as where nobody types anything.
    """
    gc.unfreeze()  # or the functions that were frozen would not be among those that there are
    _kept.extend(one for one in gc.get_objects() if type(one) is FunctionType)
    *others, _ = _look.__defaults__ or ()
    _look.__defaults__ = (*others, frozenset(map(id, _kept)))
    sys.addaudithook(_look)


# What it uses is held by its defaults, which are refused to be changed: builtins and this module's names may be.
def _look(
    event: str,
    arguments: tuple[Any, ...],
    type: type = type,  # noqa: A002
    function: type = FunctionType,
    cases: str = CASES,
    error: type[Exception] = RuntimeError,
    method: type = BuiltinMethodType,
    profiler: type = Profiler,
    debugger: dict[str, Any] = bdb.__dict__,
    no_prompt: type[Exception] = bdb.BdbQuit,
    is_subclass: Callable[..., bool] = issubclass,
    note: Callable[[bool], object] = profiled.append,
    identity: Callable[[object], int] = id,
    kept: frozenset[int] = frozenset(),
) -> None:
    if event == "sys.monitoring.register_callback":  # from CPython 3.12 on
        (callback,) = arguments
        if type(callback) is method and is_subclass(type(callback.__self__), profiler):
            note(True)
            return
        if callback is None:
            return
        if type(callback) is function and callback.__globals__ is debugger:
            raise no_prompt
    if event in ("sys.addaudithook", "sys.monitoring.register_callback"):
        raise error("a notebook that is graded has no hooks of its own in the interpreter")
    if (
        event == "object.__setattr__"
        and type(arguments[0]) is function
        and (identity(arguments[0]) in kept or arguments[0].__code__.co_filename == cases)
    ):
        raise error("functions of others stay as they are in a notebook that is graded")
