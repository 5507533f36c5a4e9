"""Refuses what could answer for itself: tensors, arrays, containers of a submission's own classes, changed modules."""

from collections import OrderedDict, defaultdict
from types import MethodDescriptorType, NoneType, WrapperDescriptorType
from typing import Any

import numpy
import torch
from torch import nn
from torch.optim import Optimizer

from gradstop.internals.torch import TensorBase, module_attributes, run_shown_hooks_alone
from gradstop.observe.attached import DICTIONARIES, require_plain_tensor
from gradstop.observe.unpatched import is_leaf, requires_grad

_PLAIN = frozenset(map(id, (type(None), bool, int, float, str, bytes)))  # what these hold is not changed
_CONTAINERS = (list, dict, OrderedDict, defaultdict)
_OF_TORCH = (torch.Tensor, nn.Parameter, nn.Module)  # which an answer may have for keys
# What a case goes through a module by.
_LISTED_BY = frozenset(
    name for name in vars(nn.Module) if name.rpartition("_")[2] in ("parameters", "buffers", "modules", "members")
) | {"children", "named_children", "state_dict"}
_HELD_IN = frozenset(name for name in module_attributes if isinstance(vars(nn.Module())[name], dict))
_attributes = vars(nn.Module)["__dict__"].__get__
_READ_BY = ("__iter__", "__getitem__", "__len__", "__contains__", "__eq__", "__class__", "__getattribute__")
# Of which class is what a class has by such a name that inherits it, or is in C.
_IN_C = (NoneType, WrapperDescriptorType, MethodDescriptorType)
_COMPARED_BY = ("__hash__", "__eq__", "__ne__", "__lt__", "__gt__", "__str__", "__repr__")


def require_plain(value: Any, depth: int = 8) -> None:
    """Raise TypeError for a tensor, an array or a container that could answer for itself."""
    if id(type(value)) in _PLAIN:
        return
    if isinstance(value, TensorBase):
        require_plain_tensor(value)
    elif isinstance(value, numpy.ndarray):
        if type(value) is not numpy.ndarray:
            raise TypeError(f"an array of the class {type(value).__name__}, where a plain one is asked for")
    elif depth and isinstance(value, tuple):
        own = type(value).__mro__[: -len(tuple.__mro__)]
        if any(name in vars(kind) for kind in own for name in _READ_BY):
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


def require_plain_given(value: Any, depth: int = 1) -> None:
    """Raise TypeError for what ``require_plain`` refuses, and for what is given and would not say what it holds.

    Of a leaf no hooks are run from now on but those that it shows.
    """
    require_plain(value)
    if id(type(value)) in _PLAIN:
        return
    if isinstance(value, TensorBase):
        _show_hooks(value)
        return
    if isinstance(value, nn.Module):
        _require_plain_modules(value)
    elif isinstance(value, Optimizer):
        groups = value.param_groups
        if type(groups) is not list or any(type(group) is not dict for group in groups):
            raise TypeError("an optimizer whose groups are no list of dictionaries")
    elif not isinstance(value, type) and type(getattr(value, "__dict__", {})) is not dict:
        raise TypeError(f"an object of the class {type(value).__name__} without a dictionary of its own")
    elif depth and isinstance(value, list | tuple):
        for one in value:
            require_plain_given(one, depth - 1)


def _show_hooks(tensor: Any) -> None:
    if tensor is not None and is_leaf(tensor) and requires_grad(tensor):
        run_shown_hooks_alone(tensor)


def _require_plain_modules(top: nn.Module) -> None:
    """Raise TypeError where a module, or one in it, has not torch's own way to list what it holds."""
    waiting: list[nn.Module] = [top]
    seen: set[int] = set()
    while waiting:
        module = waiting.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        require_plain(module)
        held = _attributes(module)
        if vars(module) is not held or any(type(one) not in DICTIONARIES for one in (held, *map(held.get, _HELD_IN))):
            raise TypeError("a module that holds things in something else than a dictionary")
        own = (held, *(vars(kind) for kind in type(module).__mro__ if kind is not nn.Module))
        if hiding := [name for name in _LISTED_BY if any(name in names for names in own)]:
            raise TypeError(f"a module whose {hiding[0]} is another than a module's")
        for one in (*held["_parameters"].values(), *held["_buffers"].values()):
            require_plain(one)
            _show_hooks(one)
        waiting += [one for one in held["_modules"].values() if one is not None]


def require_plain_names(value: dict[Any, Any]) -> None:
    """Raise TypeError for a dictionary that has a method of its own, or keys that compare by code of their own."""
    hiding = [name for name in getattr(value, "__dict__", ()) if hasattr(dict, name)]
    if hiding:
        raise TypeError(f"a dictionary whose {hiding[0]} is another than a dictionary's")
    for kind in set(map(type, value)):
        own = [one for one in kind.__mro__ if one not in _OF_TORCH]
        if any(type(vars(one).get(name)) not in _IN_C for one in own for name in _COMPARED_BY):
            raise TypeError(f"a key of the class {kind.__name__}, which compares by code of its own")


def _answers_for_its_class(kind: type) -> bool:
    """Whether a class has code of its own that ``isinstance`` asks: it could be a list when it is looked at later."""
    return "__class__" in vars(kind) or type(vars(kind).get("__getattribute__")) not in _IN_C
