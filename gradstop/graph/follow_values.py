"""The values of expressions in the source of a function that is followed, on tensors that hold no numbers."""

import ast
import builtins
import operator
from abc import ABC, abstractmethod
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Sequence
from inspect import getattr_static
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import Node

from gradstop.internals.torch_graph import context_value

UNKNOWN: Any = type("Unknown", (), {"__repr__": lambda _: "unknown"})()
_CONTAINERS = (list, dict, set, deque, defaultdict, OrderedDict)
_ATTRIBUTES = {"shape", "dtype", "device", "ndim", "T", "mT", "data", "grad"}
_FILLING = {
    "append",
    "appendleft",
    "extend",
    "insert",
    "add",
    "update",
    "clear",
    "__setitem__",
}  # methods that return None
_QUIET = {"norm", "abs", "mean", "sum", "std", "max", "min", "detach", "clone", "float"}  # of whatever tensor
_READING = {"item", "tolist", "numpy", "data_ptr", "cpu"}  # tells what only numbers tell
_WRITTEN_IN_PYTHON = {"norm", "split"}  # methods of tensors
_PURE = (float, int, bool, abs, max, min, round)
_HARMLESS = (*_PURE, print, repr, str, id, type, sum, format)
_CONCRETE = (tuple, list, range, zip, enumerate, reversed, len, isinstance)
_FACTORIES = {"zeros", "ones", "full", "empty", "rand", "randn", "randint", "arange", "linspace", "eye", "tensor"}
_SAFE_MODULES = ("torch.functional", "torch.nn.functional")
MODES = (torch.no_grad, torch.enable_grad)
_PLAIN = (int, float, complex, bool, str, bytes, type(None), torch.dtype, torch.device, torch.layout, slice, range)
_OPERATIONS: dict[type, Callable[..., Any]] = {
    **{ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv},
    **{ast.Pow: operator.pow, ast.Mod: operator.mod, ast.MatMult: operator.matmul, ast.FloorDiv: operator.floordiv},
    **{ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor},
    **{ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert, ast.Not: operator.not_},
    **{ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le},
    **{ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not},
}


class LostError(Exception):
    """The source has something that is not followed."""


class RaisedError(Exception):
    """What is followed raises here."""


def meta(tensor: Tensor) -> Any:
    """Return a tensor of the same shape and dtype without numbers; ``UNKNOWN`` where there is none (sparse, nested)."""
    try:
        return torch.empty(tuple(tensor.shape), dtype=tensor.dtype, device="meta")
    except Exception:  # whatever a subclass of tensors says
        return UNKNOWN


def lifted(value: Any) -> Any:
    """Return a value for one that is live, so that nothing done to it is done to that one."""
    if isinstance(value, Tensor):
        return meta(value)
    return type(value)(map(lifted, value)) if type(value) in (tuple, list) else value


class Values(ABC):
    """The names of a function that is followed, and the values of its expressions.

    Attributes:
        names: those that the function has given a value.
        is_sure: False where something may raise that was not followed.

    """

    def __init__(self, function: FunctionType) -> None:
        self.names: dict[str, Any] = {}
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        self.outer = [dict(_content(*cell) for cell in cells), function.__globals__, vars(builtins)]

    @abstractmethod
    def fork(self, value: Any) -> bool:
        """Return which way is gone where a value decides."""

    @abstractmethod
    def doubt(self) -> Any:
        """Note that something was not followed; return ``UNKNOWN``."""

    @abstractmethod
    def writes(self, value: Any) -> None:
        """Note that a tensor is written in place."""

    @abstractmethod
    def follow(self, function: Callable[..., Any], args: list[Any], keywords: dict[str, Any]) -> Any:
        """Return what a function of Python returns."""

    @abstractmethod
    def set(self, holder: Any, name: str, value: Any) -> None:
        """Note that an attribute is set."""

    @abstractmethod
    def assign(self, target: ast.expr, value: Any) -> None:
        """Give a name, or names, a value."""

    def value(self, node: ast.expr) -> Any:
        """Return the value of an expression.

        Raises:
            LostError: if it is not followed.
            RaisedError: if it raises.

        """
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                if name in self.names:
                    return self.names[name]
                return next((lifted(names[name]) for names in self.outer if name in names), UNKNOWN)
            case ast.Attribute(value=holder, attr=name):
                return _attribute(self.value(holder), name)
            case ast.Call():
                return self._call(node)
            case ast.BinOp(left=left, op=op, right=right):
                return self.operate(op, self.value(left), self.value(right))
            case ast.UnaryOp(op=op, operand=operand):
                value = self.value(operand)
                return UNKNOWN if isinstance(op, ast.Not) and isinstance(value, Tensor) else self.operate(op, value)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.operate(op, self.value(left), self.value(right))
            case ast.BoolOp(op=op, values=values):
                return self._either(isinstance(op, ast.Or), values)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.value(body if self.fork(self.value(test)) else orelse)
            case ast.NamedExpr(target=target, value=inner):
                self.assign(target, self.value(inner))
                return self.names[target.id]
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                values = self._parts(parts)
                return tuple(values) if isinstance(node, ast.Tuple) else values
            case ast.Subscript(value=holder, slice=index):
                return self._item(self.value(holder), self.value(index))
            case ast.Slice(lower=lower, upper=upper, step=step):
                return slice(*(None if part is None else self.value(part) for part in (lower, upper, step)))
            case ast.ListComp(elt=elt, generators=[one]) | ast.GeneratorExp(elt=elt, generators=[one]):
                return self._each(elt, one)
            case ast.JoinedStr() | ast.Dict() | ast.Set() | ast.Lambda() | ast.Compare():
                return UNKNOWN
            case _:
                raise LostError

    def items(self, over: ast.expr) -> list[Any]:
        """Return what a loop goes over.

        Raises:
            LostError: if that is not known.

        """
        values = self.value(over)
        if not isinstance(values, (tuple, list, range)):
            raise LostError
        return list(values)

    def operate(self, op: ast.AST, *values: Any) -> Any:
        """Return what an operator gives."""
        return self.tried(_OPERATIONS[type(op)], *values) if type(op) in _OPERATIONS else UNKNOWN

    def tried(self, function: Callable[..., Any], *values: Any, **keywords: Any) -> Any:
        """Return what an operation gives, done on tensors that hold no numbers.

        Raises:
            RaisedError: if it raises.

        """
        everything = [*values, *keywords.values()]
        is_operator = getattr(function, "__module__", "") == operator.add.__module__
        if any(one is UNKNOWN for one in _flat(everything)):
            return UNKNOWN
        if not all(isinstance(one, (Tensor, *_PLAIN)) for one in _flat(everything)):
            return UNKNOWN if is_operator else self.doubt()
        if getattr(function, "__name__", "") in _FACTORIES:
            keywords["device"] = "meta"
        elif not any(isinstance(one, Tensor) for one in _flat(everything)) and not is_operator:
            return UNKNOWN
        try:
            return function(*values, **keywords)
        except Exception as error:
            if isinstance(error, NotImplementedError) or "meta" in str(error).lower():  # it needs the numbers
                return UNKNOWN
            raise RaisedError from error

    def _item(self, holder: Any, index: Any) -> Any:
        if isinstance(holder, dict):
            return lifted(holder[index]) if isinstance(index, _PLAIN) and index in holder else self.doubt()
        return self.tried(operator.getitem, holder, index)

    def _parts(self, nodes: Sequence[ast.expr]) -> list[Any]:
        found = []
        for node in nodes:
            found += self.items(node.value) if isinstance(node, ast.Starred) else [self.value(node)]
        return found

    def _each(self, elt: ast.expr, one: ast.comprehension) -> list[Any]:
        values = []
        for item in self.items(one.iter):
            self.assign(one.target, item)
            if all(self.fork(self.value(test)) for test in one.ifs):
                values.append(self.value(elt))
        return values

    def _either(self, is_or: bool, nodes: Sequence[ast.expr]) -> Any:
        value: Any = None
        for node in nodes:
            value = self.value(node)
            if self.fork(value) == is_or:
                break
        return value

    # Calls

    def _call(self, node: ast.Call) -> Any:
        holder, name = UNKNOWN, ""
        if isinstance(node.func, ast.Attribute):
            holder, name = self.value(node.func.value), node.func.attr
        args = self._parts(node.args)
        if any(one.arg is None for one in node.keywords):
            raise LostError
        keywords = {str(one.arg): self.value(one.value) for one in node.keywords}
        if isinstance(holder, Tensor):
            return self._method(holder, name, args, keywords)
        if holder is UNKNOWN and name in _QUIET:
            return UNKNOWN
        if isinstance(holder, _CONTAINERS):
            return None if name in _FILLING else UNKNOWN  # a container is left as it is
        return self.result(_attribute(holder, name) if name else self.value(node.func), args, keywords)

    def _method(self, tensor: Tensor, name: str, args: list[Any], keywords: dict[str, Any]) -> Any:
        if name == "item" and tensor.numel() != 1:
            raise RaisedError
        if name in _READING:
            return torch.empty((), device="meta") if name == "item" else UNKNOWN
        if name.endswith("_"):
            self.writes(tensor)
        method: Any = getattr(Tensor, name, None)
        is_plain = isinstance(method, MethodDescriptorType) or name in _WRITTEN_IN_PYTHON
        return self.tried(method, tensor, *args, **keywords) if is_plain else self.doubt()

    def result(self, function: Any, args: list[Any], keywords: dict[str, Any]) -> Any:
        """Return what a call gives."""
        module = str(getattr(function, "__module__", ""))
        if function is setattr and len(args) == 3:
            return self.set(*args)
        if function in MODES:
            return UNKNOWN
        if function in _CONCRETE:
            return self._concrete(function, args)
        if function in _PURE and args and all(isinstance(one, _PLAIN) for one in args):
            return self._concrete(function, args)
        if function in _HARMLESS:
            return None if function is print else UNKNOWN
        if isinstance(function, BuiltinFunctionType):
            if isinstance(function.__self__, _CONTAINERS):
                return None
            is_torchs = module.startswith("torch") or type(function.__self__).__module__.startswith("torch")
            return self.tried(function, *args, **keywords) if is_torchs else self.doubt()
        if isinstance(function, FunctionType) and module in _SAFE_MODULES:
            return self.tried(function, *args, **keywords)
        if isinstance(function, (FunctionType, MethodType)) and not module.startswith("torch."):
            return self.follow(function, args, keywords)
        return self.doubt()

    def _concrete(self, function: Any, args: list[Any]) -> Any:
        if any(one is UNKNOWN for one in args):
            return UNKNOWN
        try:
            value = function(*args)
        except (TypeError, ValueError) as error:
            raise RaisedError from error
        return list(value) if function in (zip, enumerate, reversed) else value


def _content(name: str, cell: Any) -> tuple[str, Any]:
    try:
        return name, cell.cell_contents
    except ValueError:  # not filled yet
        return name, UNKNOWN


def _flat(values: Sequence[Any]) -> list[Any]:
    found = []
    for value in values:
        found += _flat(value) if isinstance(value, (tuple, list)) else [value]
    return found


def _attribute(holder: Any, name: str) -> Any:
    """Return an attribute, where to read it runs no code."""
    if isinstance(holder, Tensor):
        found = getattr(holder, name) if name in _ATTRIBUTES else None
        return UNKNOWN if found is None else found
    if isinstance(holder, Node) and isinstance(holder, BackwardCFunction):
        try:
            return lifted(context_value(holder, name, UNKNOWN))
        except RuntimeError as error:  # it was freed, or edited
            raise RaisedError from error
    if isinstance(holder, tuple) and name in getattr(type(holder), "__match_args__", ()):  # such as the values of topk
        return holder[type(holder).__match_args__.index(name)]
    found = getattr_static(holder, name, UNKNOWN)
    if isinstance(found, staticmethod):
        return found.__func__
    if isinstance(found, FunctionType):
        return found if isinstance(holder, (type, ModuleType)) else MethodType(found, holder)
    return UNKNOWN if hasattr(type(found), "__get__") and not isinstance(found, BuiltinFunctionType) else lifted(found)
