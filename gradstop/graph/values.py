"""Short words for a tensor's numbers, rounded so that every machine prints the same."""

from collections.abc import Callable
from typing import Any, TypeVar

from torch import Tensor

FEW = 6
_NOISE = 1e-6  # beside the largest value of the tensor, what is smaller is rounding and prints as 0
T = TypeVar("T")


def attempt(read: Callable[[], T]) -> T | None:
    """Return what ``read`` returns, or None where this tensor has no such thing (sparse, fake, nested)."""
    try:
        return read()
    except (RuntimeError, NotImplementedError, TypeError, ValueError):
        return None


def few_values(tensor: Tensor) -> str | None:
    """Return all values of a tensor that has only a few, else None."""
    shape = attempt(lambda: tensor.shape)
    if shape is None or tensor.numel() > FEW:
        return None
    values = attempt(tensor.tolist)
    return None if values is None else _nested(values, _largest(values))


def summary(tensor: Tensor) -> str:
    """Return a tensor's values when they are few, else how many there are and how large."""
    text = few_values(tensor)
    if text is not None:
        return text
    size = attempt(lambda: tensor.detach().abs().max().item())
    if size is None:
        return "values"
    large = "all 0" if size == 0 else f"at most {size:.2g} in size"
    return f"{tensor.numel():,} values, {large}"


def _largest(values: Any) -> float:
    if isinstance(values, list):
        return max((_largest(value) for value in values), default=0.0)
    size = abs(values)
    return float(size) if 0 < size < float("inf") else 0.0


def _nested(values: Any, largest: float) -> str:
    if isinstance(values, list):
        return "[" + ", ".join(_nested(value, largest) for value in values) + "]"
    return _number(values, largest)


def _number(value: complex | bool, largest: float) -> str:
    if isinstance(value, (bool, int)):
        return str(value)
    if isinstance(value, complex):
        imaginary = _number(value.imag, largest)
        return _number(value.real, largest) + ("" if imaginary.startswith("-") else "+") + imaginary + "j"
    if abs(value) <= _NOISE * largest:
        return "0"  # and never "-0"
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e7 else f"{value:.4g}"
