"""Any value as plain JSON: what it is, its structure, shape, dtype and numbers."""

import math
from typing import Any

import numpy
import torch

from gradstop.observe import unpatched
from gradstop.observe.unpatched import class_name
from gradstop.record import Json

LARGEST = 4096  # numbers in one tensor; an exercise needs a few dozen


def encode(value: object) -> Json:
    """Describe ``value`` as JSON that two processes can compare.

    A tensor or array becomes its type, dtype, shape and numbers (row-major); a container its type and
    its items; a number, string, bool or None itself. What is none of these is named by its type alone.
    """
    if unpatched.is_tensor(value):
        return _tensor(value)  # type: ignore[arg-type]
    if type(value) is numpy.ndarray:  # a matrix is one too, and behaves otherwise
        return _filled("array", str(value.dtype), value.shape, value.reshape(-1).tolist())
    if isinstance(value, str):  # a member of an enumeration is a string too
        return {"type": "str", "value": str.__str__(value)}
    if value is None or isinstance(value, bool | int | float):
        return {"type": class_name(type(value)), "value": number(value)}
    if isinstance(value, dict):
        return {
            "type": "dict",
            "keys": [str(key) for key in value],
            "items": [encode(v) for v in value.values()],
        }
    if isinstance(value, list | tuple):
        return {"type": _container(value), "items": [encode(item) for item in value]}
    return {"type": "other", "class": class_name(type(value))}


def structure(value: object) -> Json:
    """Describe the containers of ``value`` alone; each thing in them is named by its type."""
    if isinstance(value, dict):
        return {
            "type": "dict",
            "keys": [str(key) for key in value],
            "items": [structure(v) for v in value.values()],
        }
    if isinstance(value, list | tuple):
        return {"type": _container(value), "items": [structure(item) for item in value]}
    return {"type": "tensor" if unpatched.is_tensor(value) else class_name(type(value))}


def number(value: Any) -> Json:
    """Return ``value`` itself, or its name where JSON has no number for it (``nan``, ``inf``)."""
    return float.__repr__(value) if isinstance(value, float) and not math.isfinite(value) else value


def dtype_name(dtype: torch.dtype) -> str:
    """Return ``float32`` for ``torch.float32``."""
    return str(dtype).removeprefix("torch.")


def _tensor(tensor: torch.Tensor) -> Json:
    unpatched.require_plain(tensor)
    shape = unpatched.shape(tensor)
    size = math.prod(shape)
    return _filled(
        "tensor", dtype_name(unpatched.dtype(tensor)), shape, unpatched.numbers(tensor) if size <= LARGEST else []
    )


def _filled(kind: str, dtype: str, shape: Any, numbers: list[Any]) -> Json:
    return {
        "type": kind,
        "dtype": dtype,
        "shape": list(shape),
        "numbers": [number(n) for n in numbers[:LARGEST]],
    }


def _container(value: list[Any] | tuple[Any, ...]) -> str:
    if hasattr(value, "_fields"):
        return f"namedtuple {class_name(type(value))}"
    return "list" if isinstance(value, list) else "tuple"
