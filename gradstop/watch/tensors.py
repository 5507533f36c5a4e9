"""What is asked of a tensor: its memory, its history, its version; and the tensors in arguments."""

from typing import Any

from torch import Tensor

from gradstop.internals.torch_calls import bare_version

_CONTAINERS = (list, tuple, dict, slice)


def memory_of(tensor: Tensor) -> int | None:
    """Return where a tensor's values lie, None where it has no storage: sparse, in vmap, fake."""
    try:
        return tensor.untyped_storage().data_ptr() or None
    except (RuntimeError, NotImplementedError):
        return None


def shape_of(tensor: Tensor) -> tuple[int, ...] | None:
    """Return a tensor's shape, None where it has none yet: a parameter of a lazy module."""
    try:
        return tuple(tensor.shape)
    except RuntimeError:
        return None


def history_of(tensor: Tensor) -> Any:
    """Return the node that made a tensor, None where torch refuses to say: a view that was made under ``no_grad``."""
    try:
        return tensor.grad_fn
    except RuntimeError:
        return None


def version_of(tensor: Tensor) -> int | None:
    """Return the version, None for an inference tensor; to be called inside ``no_overrides``."""
    try:
        return bare_version(tensor)
    except RuntimeError:
        return None


def state_of(gradient: Tensor | None) -> tuple[int, int | None] | None:
    """Return what changes when a ``.grad`` is written or another one takes its place; None where there is none."""
    return None if gradient is None else (id(gradient), version_of(gradient))


def tensors_in(value: Any, depth: int = 4) -> list[Tensor]:
    """Return the tensors in arguments: in lists, tuples and dictionaries too."""
    found: list[Tensor] = []
    _collect(value, depth, found)
    return found


def _collect(value: Any, depth: int, found: list[Tensor]) -> None:
    if isinstance(value, Tensor):
        found.append(value)
        return
    if isinstance(value, dict):
        value = value.values()
    elif isinstance(value, slice):
        value = (value.start, value.stop)
    elif not isinstance(value, list | tuple):
        return
    for item in value:
        if isinstance(item, Tensor):
            found.append(item)
        elif depth and isinstance(item, _CONTAINERS):
            _collect(item, depth - 1, found)
