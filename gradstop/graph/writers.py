"""Whether code that runs within a backward may write a ``.grad`` beside the graph's own way."""

import dis
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from inspect import getattr_static
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Literal

from torch import Tensor, nn

from gradstop.graph.source import closure, codes_in

Writing = Literal["", "fills", "sets", "writes"]  # by a backward of its own, a value, or perhaps None
_DEEP = 5  # calls, from a backward to a helper of a helper


def writing(function: object, *held: object) -> Writing:
    """Return whether a function, or one that it calls, speaks of ``backward``, or sets a ``.grad``.

    Args:
        function: what is called.
        held: what it gets, and may call: the attributes of these are looked at too.

    """
    found = {_of_code(code) for code in _codes(function, held)}
    return next((one for one in ("writes", "sets", "fills") if one in found), "")


def may_raise(function: object) -> bool:
    """Whether a function of Python, or one that it calls, has a ``raise`` or an ``assert``."""
    return any(one.opname == "RAISE_VARARGS" for code in _codes(function, ()) for one in dis.get_instructions(code))


def reads_saved(function: object) -> bool:
    """Whether a function, or one that it calls, speaks of what was saved for backward."""
    names = {name for code in _codes(function, ()) for name in code.co_names}
    return bool(names & {"saved_tensors", "saved_variables"})


def _of_code(code: CodeType) -> Writing:
    names, line = set(code.co_names), list[dis.Instruction]()
    found: set[Writing] = {"writes"} if names & {"zero_grad", "setattr", "delattr"} else set()
    for one in dis.get_instructions(code):
        line = [one] if one.starts_line else [*line, one]
        if one.opname in ("STORE_ATTR", "DELETE_ATTR") and one.argval == "grad":
            found.add("sets" if _gives_a_value(line) else "writes")
    return next((one for one in ("writes", "sets") if one in found), "fills" if "backward" in names else "")


def _gives_a_value(line: Sequence[dis.Instruction]) -> bool:
    """Whether what a line sets is computed in it, and so is not None."""
    has_none = any(one.opname == "LOAD_CONST" and one.argval is None for one in line)
    return not has_none and any(one.opname.startswith(("CALL", "BINARY_OP")) for one in line)


def _codes(function: object, held: Iterable[object]) -> Iterator[CodeType]:
    """Yield the code of a function and of those that it calls, each once. Torch's own calls are not followed."""
    seen: set[CodeType] = set()
    todo: list[tuple[object, int]] = [(function, 0)]
    while todo:
        one, depth = todo.pop()
        plain = _plain(one)
        if plain is None or plain.__code__ in seen or depth > _DEEP:
            continue
        inner = list(codes_in(plain.__code__))
        seen.update(inner)
        yield from inner
        if depth and str(plain.__module__).startswith("torch."):
            continue
        names = {name for code in inner for name in code.co_names}
        around = [*_objects(one), *closure(plain).values(), *(held if not depth else ())]
        around += [plain.__globals__[name] for name in names if name in plain.__globals__]
        todo += [(other, depth + 1) for other in _callables(around, names)]


def _objects(function: object) -> Iterator[object]:
    """Yield what a callable holds: the object of a method, the arguments of a ``partial``."""
    if isinstance(function, partial):
        yield from (*function.args, *function.keywords.values())
        yield from _objects(function.func)
    elif isinstance(function, MethodType):
        yield function.__self__
    elif not isinstance(function, FunctionType):
        yield function


def _plain(function: object) -> FunctionType | None:
    if isinstance(function, partial):
        return _plain(function.func)
    if isinstance(function, (MethodType, staticmethod, classmethod)):
        return _plain(function.__func__)
    if isinstance(function, FunctionType):
        return function
    own = None if isinstance(function, type) else getattr_static(type(function), "__call__", None)
    return own if isinstance(own, FunctionType) else None


def _callables(around: Iterable[object], names: set[str]) -> Iterator[object]:
    """Yield the objects at hand that may be called, and their attributes of these names."""
    for one in around:
        if isinstance(one, (list, tuple)) and len(one) <= 8:
            yield from _callables(one, names)
        if _plain(one) is not None and not isinstance(one, nn.Module):
            yield one
        if isinstance(one, Tensor) or _is_torchs(one):
            continue
        for name in names:
            found = getattr_static(one, name, None)
            if _plain(found) is not None and not isinstance(found, nn.Module):
                yield MethodType(found, one) if isinstance(found, FunctionType) else found


def _is_torchs(one: object) -> bool:
    name = one.__name__ if isinstance(one, ModuleType) else type(one).__module__
    return name.partition(".")[0] == "torch"
