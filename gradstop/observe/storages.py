"""Tells how many of some tensors' memory is still alive, without keeping it alive."""

from typing import NamedTuple

import torch

from gradstop.internals.append_only import AppendOnly
from gradstop.internals.torch import StorageWeakRef, is_expired


class _Held(NamedTuple):
    made: AppendOnly


class Storages(_Held):
    """The memory of tensors. What was added cannot be taken away."""

    __slots__ = ()

    def __new__(cls, made: AppendOnly | None = None) -> "Storages":
        """Make an empty one, or a copy that shares what was added."""
        return super().__new__(cls, made or AppendOnly())

    def add(self, tensor: torch.Tensor) -> None:
        """Add the memory that a tensor lies in."""
        reference = StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]
        self.made.add((reference.cdata, reference))  # the number, as that of the reference may be changed

    def alive(self) -> int:
        """Return how many are still there."""
        return sum(not is_expired(number) for number, _ in self.made.all())
