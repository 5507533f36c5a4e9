"""What a function that is followed has at hand: live objects, of which nothing is changed and no code is run."""

from collections import OrderedDict, defaultdict, deque
from inspect import getattr_static
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import Node

from gradstop.internals.torch_graph import context_value

UNKNOWN: Any = type("Unknown", (), {"__repr__": lambda _: "unknown"})()
LONG: Any = type("Long", (), {"__repr__": lambda _: "a long list"})()
CONTAINERS = (list, dict, set, deque, defaultdict, OrderedDict)
PLAIN = (int, float, complex, bool, str, bytes, type(None), torch.dtype, torch.device, torch.layout, slice, range)
_MOST_COPIED = 64  # elements of a list
_ATTRIBUTES = {"shape", "dtype", "device", "ndim", "T", "mT", "data", "grad"}


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
    if type(value) not in (tuple, list):
        return value
    return type(value)(map(lifted, value)) if len(value) <= _MOST_COPIED else LONG


def attribute(holder: Any, name: str) -> Any:
    """Return an attribute, where to read it runs no code."""
    if isinstance(holder, Tensor):
        found = getattr(holder, name) if name in _ATTRIBUTES else None
        return UNKNOWN if found is None else found
    if isinstance(holder, Node) and isinstance(holder, BackwardCFunction):
        try:
            return lifted(context_value(holder, name, UNKNOWN))
        except RuntimeError as error:  # it was freed, or edited
            raise RaisedError from error
    fields: tuple[str, ...] = getattr(type(holder), "__match_args__", ())
    if isinstance(holder, tuple) and name in fields:  # such as the values of topk
        return holder[fields.index(name)]
    found = getattr_static(holder, name, UNKNOWN)
    if isinstance(found, staticmethod):
        return found.__func__
    if isinstance(found, FunctionType):
        return found if isinstance(holder, (type, ModuleType)) else MethodType(found, holder)
    return UNKNOWN if hasattr(type(found), "__get__") and not isinstance(found, BuiltinFunctionType) else lifted(found)
