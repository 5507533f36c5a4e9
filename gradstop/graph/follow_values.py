"""The values of expressions in the source of a function that is followed, on tensors that hold no numbers."""

import ast
import builtins
import operator
from abc import ABC, abstractmethod
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from torch import Tensor

from gradstop.graph.follow_live import PLAIN, UNKNOWN, LostError, RaisedError, attribute, lifted
from gradstop.graph.source import closure

_FACTORIES = {"zeros", "ones", "full", "empty", "rand", "randn", "randint", "arange", "linspace", "eye", "tensor"}
_OPERATIONS: dict[type, Callable[..., Any]] = {
    **{ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv},
    **{ast.Pow: operator.pow, ast.Mod: operator.mod, ast.MatMult: operator.matmul, ast.FloorDiv: operator.floordiv},
    **{ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor},
    **{ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert, ast.Not: operator.not_},
    **{ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le},
    **{ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not},
}


class Values(ABC):
    """The names of a function that is followed, and the values of its expressions.

    Attributes:
        names: those that the function has given a value.

    """

    def __init__(self, function: FunctionType) -> None:
        self.names: dict[str, Any] = {}
        around = dict.fromkeys(function.__code__.co_freevars, UNKNOWN) | closure(function)
        self.outer = [around, function.__globals__, vars(builtins)]

    @abstractmethod
    def call(self, node: ast.Call) -> Any:
        """Return what a call gives."""

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
                return attribute(self.value(holder), name)
            case ast.Call():
                return self.call(node)
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
                values = self.parts(parts)
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
        if not all(isinstance(one, (Tensor, *PLAIN)) for one in _flat(everything)):
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
        if type(holder) in (dict, OrderedDict, defaultdict):
            return lifted(holder[index]) if isinstance(index, PLAIN) and index in holder else self.doubt()
        return self.tried(operator.getitem, holder, index)

    def parts(self, nodes: Sequence[ast.expr]) -> list[Any]:
        """Return the values of some expressions, of which one with a star gives several."""
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


def _flat(values: Sequence[Any]) -> list[Any]:
    found = []
    for value in values:
        found += _flat(value) if isinstance(value, (tuple, list)) else [value]
    return found
