"""Refuses results that could answer for themselves: tensors, arrays, containers of a submission's own classes."""

from collections import OrderedDict, defaultdict
from types import FunctionType
from typing import Any

import numpy
import torch
from torch import nn

from gradstop.internals.torch import TensorBase

_CONTAINERS = (list, dict, OrderedDict, defaultdict)
_OF_TORCH = (torch.Tensor, nn.Parameter, nn.Module)  # which an answer may have for keys
_COMPARED_BY = ("__hash__", "__eq__", "__ne__", "__lt__", "__gt__", "__str__", "__repr__")


def require_plain(value: Any, depth: int = 3) -> None:
    """Raise TypeError for a tensor, an array or a container that could answer for itself."""
    if isinstance(value, TensorBase):
        if type(value) not in (torch.Tensor, nn.Parameter):
            raise TypeError(f"a tensor of the class {type(value).__name__}, where a plain one is asked for")
        if type(vars(value)) is not dict:
            raise TypeError("a tensor whose attributes are in something else than a dictionary")
        hiding = [name for name in vars(value) if hasattr(torch.Tensor, name)]
        if hiding:
            raise TypeError(f"a tensor whose {hiding[0]} is another than a tensor's")
    elif isinstance(value, numpy.ndarray):
        if type(value) is not numpy.ndarray:
            raise TypeError(f"an array of the class {type(value).__name__}, where a plain one is asked for")
    elif depth and isinstance(value, tuple):
        if type(value).__iter__ is not tuple.__iter__ or type(value).__getitem__ is not tuple.__getitem__:
            raise TypeError(f"a tuple of the class {type(value).__name__}, where a plain one is asked for")
        for item in value:
            require_plain(item, depth - 1)
    elif depth and isinstance(value, list | dict):
        if type(value) not in _CONTAINERS:
            raise TypeError(f"a container of the class {type(value).__name__}, where a plain one is asked for")
        if isinstance(value, dict):
            require_plain_names(value)
        for item in value.values() if isinstance(value, dict) else value:
            require_plain(item, depth - 1)
    elif any(map(_answers_for_its_class, type(value).__mro__[:-1])):
        raise TypeError(f"an object of the class {type(value).__name__}, which may say that it is of another")


def require_plain_names(value: dict[Any, Any]) -> None:
    """Raise TypeError for a dictionary that has a method of its own, or keys that compare by code of their own."""
    hiding = [name for name in getattr(value, "__dict__", ()) if hasattr(dict, name)]
    if hiding:
        raise TypeError(f"a dictionary whose {hiding[0]} is another than a dictionary's")
    for kind in set(map(type, value)):
        own = [one for one in kind.__mro__ if one not in _OF_TORCH]
        if any(type(vars(one).get(name)) is FunctionType for one in own for name in _COMPARED_BY):
            raise TypeError(f"a key of the class {kind.__name__}, which compares by code of its own")


def _answers_for_its_class(kind: type) -> bool:
    """Whether a class has code of its own that ``isinstance`` asks: it could be a list when it is looked at later."""
    return "__class__" in vars(kind) or type(vars(kind).get("__getattribute__")) is FunctionType
