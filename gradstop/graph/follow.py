"""Where a function of Python leads, without running it: its source is followed with tensors that hold no numbers.

Each operation of torch is done on tensors of the meta device, which tell shapes and raise where the shapes do not fit.
Nothing of the caller's is called or changed. What cannot be told (a number of a tensor, a call of what is not known) is
``UNKNOWN``; where it decides, each way is followed.
"""

import ast
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import getattr_static
from types import FunctionType, MethodType
from typing import Any, Literal, cast

import torch
from torch import Tensor

from gradstop.graph.follow_calls import MODES, Calls
from gradstop.graph.follow_live import UNKNOWN, LostError, RaisedError, lifted
from gradstop.graph.source import definition

_MOST_WAYS, _MOST_TURNS, _DEEP = 24, 50, 4


@dataclass(frozen=True)
class Ending:
    """How one way through a function ends.

    ``is_sure`` is False where something on the way was not followed, and may raise; ``cleared`` says that the ``.grad``
    of the first argument was made None.
    """

    kind: Literal["returns", "raises"]
    value: Any = None
    is_sure: bool = True
    cleared: bool = False


def follow(function: Callable[..., Any], *args: Any) -> list[Ending]:
    """Return the ways in which a function may end, called with these values; none where it is not followed.

    Args:
        function: what is called.
        args: tensors of the meta device, None, ``UNKNOWN``, tuples of these, or live objects, whose attributes are
            read where that runs no code.

    """
    endings: list[Ending] = []
    ways: list[list[bool]] = [[]]
    with torch.no_grad():
        while ways:
            walk = _Walk(ways.pop(), args)
            try:
                endings.append(walk.ending(function))
            except (LostError, RecursionError):
                return []
            ways += walk.others
            if len(endings) > _MOST_WAYS:
                return []
    return endings


class _ReturnError(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _Walk:
    """One way through a function: at each fork it goes as it is told, and notes the other way."""

    def __init__(self, told: list[bool], args: Sequence[Any]) -> None:
        self.told, self.args = told, args
        self.taken: list[bool] = []
        self.others: list[list[bool]] = []
        self.is_sure, self.cleared = True, False

    def ending(self, function: Callable[..., Any]) -> Ending:
        try:
            value = self.call(function, list(self.args), {}, _DEEP)
        except RaisedError:
            return Ending("raises", None, self.is_sure)
        return Ending("returns", value, self.is_sure, self.cleared)

    def call(self, function: Any, args: list[Any], keywords: dict[str, Any], depth: int) -> Any:
        if isinstance(function, partial):
            bound = [*map(lifted, function.args), *args]
            return self.call(function.func, bound, function.keywords | keywords, depth)
        if not isinstance(function, (FunctionType, MethodType)) and isinstance(
            own := getattr_static(type(function), "__call__", None), FunctionType
        ):
            function = MethodType(own, function)
        if isinstance(function, MethodType):
            return self.call(function.__func__, [function.__self__, *args], keywords, depth)
        if not isinstance(function, FunctionType):
            return _Scope(self, cast(FunctionType, follow), depth).result(function, args, keywords)
        where = definition(function) if depth else None
        if where is None:
            raise LostError
        scope = _Scope(self, function, depth)
        scope.bind(where.args, args, keywords)
        return scope.run(where.body)


class _Scope(Calls):
    """The names of a function that is followed, and its statements."""

    def __init__(self, walk: _Walk, function: FunctionType, depth: int) -> None:
        super().__init__(function)
        self.walk, self.function, self.depth = walk, function, depth

    def bind(self, written: ast.arguments, args: list[Any], keywords: dict[str, Any]) -> None:
        names = [one.arg for one in (*written.posonlyargs, *written.args)]
        defaults = self.function.__defaults__ or ()
        self.names.update(zip(names[len(names) - len(defaults) :], map(lifted, defaults), strict=True))
        self.names.update({name: lifted(one) for name, one in (self.function.__kwdefaults__ or {}).items()})
        self.names.update(zip(names, args, strict=False))
        self.names.update(keywords)
        if written.vararg is not None:
            self.names[written.vararg.arg] = tuple(args[len(names) :])
        elif len(args) > len(names):
            raise RaisedError
        if written.kwarg is not None:
            self.names[written.kwarg.arg] = UNKNOWN
        if any(name not in self.names for name in names):
            raise RaisedError

    def run(self, body: ast.expr | Sequence[ast.stmt]) -> Any:
        if isinstance(body, ast.expr):
            return self.value(body)
        try:
            self._run(body)
        except _ReturnError as returned:
            return returned.value
        return None

    def _run(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            self._step(statement)

    def _step(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Return(value=value):
                raise _ReturnError(None if value is None else self.value(value))
            case ast.Expr(value=value):
                self.value(value)
            case ast.Assign(targets=targets, value=value):
                result = self.value(value)
                for target in targets:
                    self.assign(target, result)
            case ast.AugAssign(target=target, op=op, value=value):
                before = self.value(target)
                self.writes(before)
                self.assign(target, self.operate(op, before, self.value(value)))
            case ast.If(test=test, body=body, orelse=orelse):
                self._run(body if self.fork(self.value(test)) else orelse)
            case ast.Assert(test=test):
                if not self.fork(self.value(test)):
                    raise RaisedError
            case ast.Raise():
                raise RaisedError
            case ast.For(target=target, iter=over, body=body, orelse=[]):
                for item in self.items(over):
                    self.assign(target, item)
                    self._run(body)
            case ast.With(items=items, body=body) if all(self._is_mode(one.context_expr) for one in items):
                self._run(body)
            case ast.While(test=test, body=body, orelse=[]):
                for _ in range(_MOST_TURNS):
                    if not self.fork(self.value(test)):
                        return
                    self._run(body)
                raise LostError
            case ast.Try(body=body, orelse=orelse, finalbody=last):
                self._try([*body, *orelse])
                self._run(last)
            case ast.Pass() | ast.Nonlocal() | ast.Global() | ast.Import() | ast.ImportFrom():
                return
            case _:
                raise LostError

    def _try(self, body: Sequence[ast.stmt]) -> None:
        try:
            self._run(body)
        except RaisedError as raised:  # what catches it is not followed
            raise LostError from raised

    def _is_mode(self, made: ast.expr) -> bool:
        return isinstance(made, ast.Call) and any(self.value(made.func) is mode for mode in MODES)

    def assign(self, target: ast.expr, value: Any) -> None:
        match target:
            case ast.Name(id=name):
                self.names[name] = value
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                values = [UNKNOWN] * len(parts) if value is UNKNOWN else value
                if not isinstance(values, (tuple, list)) or any(isinstance(part, ast.Starred) for part in parts):
                    raise LostError
                if len(values) != len(parts):
                    raise RaisedError
                for part, item in zip(parts, values, strict=True):
                    self.assign(part, item)
            case ast.Subscript(value=holder, slice=index):
                into, key = self.value(holder), self.value(index)
                if isinstance(into, list) and isinstance(key, int):
                    into[key] = value
                elif isinstance(into, Tensor):
                    self.writes(into)
                    self.tried(operator.setitem, into, key, value)
            case ast.Attribute(value=holder, attr=name):
                self.set(self.value(holder), name, value)
            case _:
                raise LostError

    def set(self, holder: Any, name: str, value: Any) -> None:
        if name == "grad" and holder is self.walk.args[0]:
            self.walk.cleared = value is None

    def fork(self, value: Any) -> bool:
        if isinstance(value, Tensor) and value.numel() != 1:
            raise RaisedError  # torch refuses to say
        if value is not UNKNOWN and not isinstance(value, Tensor):
            return bool(value)
        walk = self.walk
        place = len(walk.taken)
        if place < len(walk.told):
            walk.taken.append(walk.told[place])
        else:
            walk.others.append([*walk.taken, False])
            walk.taken.append(True)
        return walk.taken[-1]

    def writes(self, value: Any) -> None:
        given = [one for arg in self.walk.args for one in (arg if isinstance(arg, tuple) else (arg,))]
        if any(value is one for one in given if isinstance(one, Tensor) and one.numel() > 1):
            self.doubt()  # torch refuses it where the elements lie in one place, as those of an expanded gradient do

    def doubt(self) -> Any:
        self.walk.is_sure = False
        return UNKNOWN

    def follow(self, function: Callable[..., Any], args: list[Any], keywords: dict[str, Any]) -> Any:
        return self.walk.call(function, args, keywords, self.depth - 1)
