"""Asks what the values of a tensor are, where it has any that can be asked for."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradstop.internals.torch import no_function_modes


def not_zero(gradient: Any) -> bool:
    """Whether a gradient has an element that is not zero; a sparse one, and one without values, is taken to have."""
    return gradient is not None and _asked(gradient, _any, unknown=True)


def is_finite(gradient: Any) -> bool:
    """Whether all elements of a gradient are finite; those of a sparse one, and of one without values, are."""
    return _asked(gradient, lambda values: bool(values.isfinite().all()), unknown=True)


def has_nan(value: Any) -> bool:
    """Whether a tensor has an element that is NaN; a sparse one, and one without values, has none."""
    return _asked(value, lambda values: bool(values.isnan().any()), unknown=False)


def _any(values: Tensor) -> bool:
    if values.numel() and float(values[(0,) * values.dim()].real) != 0:
        return True  # most often the first element tells
    return bool(values.any())


def _asked(value: Any, ask: Callable[[Tensor], bool], *, unknown: bool) -> bool:
    if not isinstance(value, Tensor) or value.layout != torch.strided:
        return unknown
    with no_function_modes(), torch.no_grad():
        try:
            return ask(value)
        except Exception:  # on the device "meta", of a FakeTensorMode
            return unknown
