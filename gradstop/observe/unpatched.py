"""Reads a tensor's state through the C-level descriptors of its base class.

An attribute of a tensor can be shadowed by a subclass or patched on ``torch.Tensor``; the
descriptors captured here, when this module is imported, answer for the tensor itself.
"""

from collections.abc import Callable
from typing import Any

import torch

from gradstop.internals.torch import TensorBase, getter, method

_isinstance = isinstance
class_name: Callable[[type], str] = vars(type)["__name__"].__get__  # a class of that may have one of its own


requires_grad: Callable[[torch.Tensor], bool] = getter("requires_grad")
is_leaf: Callable[[torch.Tensor], bool] = getter("is_leaf")
retains_grad: Callable[[torch.Tensor], bool] = getter("retains_grad")
shape: Callable[[torch.Tensor], torch.Size] = getter("shape")
dtype: Callable[[torch.Tensor], torch.dtype] = getter("dtype")
detach: Callable[[torch.Tensor], torch.Tensor] = method("detach")
clone: Callable[[torch.Tensor], torch.Tensor] = method("clone")
to_list: Callable[[torch.Tensor], Any] = method("tolist")
is_inference: Callable[[torch.Tensor], bool] = method("is_inference")
_reshape = method("reshape")
_address = method("data_ptr")
_stride = method("stride")
_item_size = method("element_size")
_size = method("numel")
_grad = getter("grad")
_view_as_real = torch.view_as_real


def require_plain(tensor: object) -> None:
    """Raise TypeError for a tensor of a class of its own, which could answer for itself."""
    kind = type(tensor)
    if kind is not torch.Tensor and kind is not torch.nn.Parameter:
        raise TypeError(f"a tensor of the class {class_name(kind)}, where a plain one is asked for")


def is_tensor(value: object) -> bool:
    """Whether ``value`` is a tensor, of whichever class."""
    return _isinstance(value, TensorBase)


def gradient(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return ``tensor.grad``, without the warning that reading it on an interior tensor gives."""
    if not is_leaf(tensor) and not retains_grad(tensor):
        return None
    grad: torch.Tensor | None = _grad(tensor)
    return grad


def memory(tensor: torch.Tensor) -> range | None:
    """Return the addresses from the tensor's first byte to its last; None where it has no byte, which nothing shares.

    Addresses and not storages are compared: an array of NumPy's on the same bytes comes back with another storage.
    """
    start = _address(tensor) if _size(tensor) else 0
    if not start:
        return None
    last = sum((size - 1) * step for size, step in zip(shape(tensor), _stride(tensor), strict=True))
    return range(start, start + (last + 1) * _item_size(tensor))


def numbers(tensor: torch.Tensor) -> list[Any]:
    """Return all values in row-major order; a complex number as two, real then imaginary."""
    with torch.no_grad():
        plain = detach(tensor)
        if plain.is_complex():
            plain = _view_as_real(plain.resolve_conj())
        values: list[Any] = to_list(_reshape(plain, (-1,)))
    return values
