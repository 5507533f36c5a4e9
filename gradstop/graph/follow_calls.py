"""What calls give in the source of a function that is followed."""

import ast
from collections.abc import Iterable
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType
from typing import Any

import torch
from torch import Tensor

from gradstop.graph.follow_live import CONTAINERS, LONG, PLAIN, UNKNOWN, LostError, RaisedError, attribute
from gradstop.graph.follow_values import Values

_FILLING = {"append", "appendleft", "extend", "insert", "add", "update", "clear", "__setitem__"}  # that return None
_QUIET = {"norm", "abs", "mean", "sum", "std", "max", "min", "detach", "clone", "float"}  # of whatever tensor
_READING = {"item", "tolist", "numpy", "data_ptr", "cpu"}  # tells what only numbers tell
_WRITTEN_IN_PYTHON = {"norm", "split"}  # methods of tensors
_PURE = (float, int, bool, abs, max, min, round)
_HARMLESS = (*_PURE, print, repr, str, id, type, sum, format)
_CONCRETE = (tuple, list, range, zip, enumerate, reversed, len, isinstance)
_SAFE_MODULES = ("torch.functional", "torch.nn.functional")
MODES = (torch.no_grad, torch.enable_grad)


class Calls(Values):
    """The names of a function that is followed, the values of its expressions, and its calls."""

    def call(self, node: ast.Call) -> Any:
        """Return what a call gives.

        Raises:
            LostError: if it is not followed.

        """
        holder, name = UNKNOWN, ""
        if isinstance(node.func, ast.Attribute):
            holder, name = self.value(node.func.value), node.func.attr
        args = self.parts(node.args)
        if any(one.arg is None for one in node.keywords):
            raise LostError
        keywords = {str(one.arg): self.value(one.value) for one in node.keywords}
        if isinstance(holder, Tensor):
            return self._method(holder, name, args, keywords)
        if holder is UNKNOWN and name in _QUIET:
            return UNKNOWN
        if holder is LONG or type(holder) in CONTAINERS:
            return None if name in _FILLING else UNKNOWN  # a container is left as it is
        return self.result(attribute(holder, name) if name else self.value(node.func), args, keywords)

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
        if _is_one(function, MODES):
            return UNKNOWN
        if _is_one(function, _CONCRETE):
            return self._concrete(function, args)
        if _is_one(function, _PURE) and args and all(isinstance(one, PLAIN) for one in args):
            return self._concrete(function, args)
        if _is_one(function, _HARMLESS):
            return None if function is print else UNKNOWN
        if isinstance(function, BuiltinFunctionType):
            if type(function.__self__) in CONTAINERS:
                return None
            is_torchs = module.startswith("torch") or type(function.__self__).__module__.startswith("torch")
            return self.tried(function, *args, **keywords) if is_torchs else self.doubt()
        if isinstance(function, FunctionType) and module in _SAFE_MODULES:
            return self.tried(function, *args, **keywords)
        if isinstance(function, (FunctionType, MethodType)) and not module.startswith("torch."):
            return self.follow(function, args, keywords)
        return self.doubt()

    def _concrete(self, function: Any, args: list[Any]) -> Any:
        if any(one is UNKNOWN or one is LONG for one in args):
            return UNKNOWN
        try:
            value = function(*args)
        except (TypeError, ValueError) as error:
            raise RaisedError from error
        return list(value) if _is_one(function, (zip, enumerate, reversed)) else value


def _is_one(function: Any, functions: Iterable[Any]) -> bool:
    """Whether a function is one of some, by identity: comparing may run code."""
    return any(function is one for one in functions)
