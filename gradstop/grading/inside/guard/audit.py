"""Refuses hooks at audit events, by which a submission's code would run in ours, and other code for our functions.

An audit hook cannot be taken off again (PEP 578). This one is put on before any submission is forked.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import BuiltinMethodType, FunctionType
from typing import Any

from gradstop.internals.cpython import Profiler

CASES = "cases.py"  # the name that the judge compiles an assignment's cases under
_FOLDER = str(Path(__file__).resolve().parents[3])
profiled: list[bool] = []  # not empty where a profiler has registered callbacks that are still to be taken off


def refuse_hooks_and_swapped_code() -> None:
    """From now on refuse audit hooks, and other code or defaults for a function of this package or of the cases.

    From CPython 3.12 on a profiler registers its own methods as callbacks: they are let through, and noted. A hook is
    refused as another hook may do it: who adds it sees no error. The other raises RuntimeError.
    """
    sys.addaudithook(_look)


# What it uses is held by its defaults, which are refused to be changed: builtins and this module's names may be.
def _look(
    event: str,
    arguments: tuple[Any, ...],
    type: type = type,  # noqa: A002
    function: type = FunctionType,
    folder: str = _FOLDER,
    cases: str = CASES,
    error: type[Exception] = RuntimeError,
    method: type = BuiltinMethodType,
    profiler: type = Profiler,
    is_subclass: Callable[..., bool] = issubclass,
    note: Callable[[bool], object] = profiled.append,
) -> None:
    if event == "sys.monitoring.register_callback":  # from CPython 3.12 on
        (callback,) = arguments
        if type(callback) is method and is_subclass(type(callback.__self__), profiler):
            note(True)
            return
        if callback is None:
            return
    if event in ("sys.addaudithook", "sys.monitoring.register_callback"):
        raise error("a notebook that is graded has no hooks of its own in the interpreter")
    if event == "object.__setattr__" and type(arguments[0]) is function:
        file = arguments[0].__code__.co_filename
        if file == cases or file.startswith(folder):
            raise error("functions of the course stay as they are in a notebook that is graded")
