"""Finds where numbers became NaN before a backward began: then no operation of the backward is at fault."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node

from gradstop.internals.torch import no_function_modes, saved_fields, saved_slots
from gradstop.watch.walk import Tag


def nan_of_forward(roots: Sequence[Tensor], tags: Mapping[Node, Tag]) -> Node | None:
    """Return the first operation that has saved NaN, where a root is NaN already; None otherwise.

    Args:
        roots: what the backward begins with.
        tags: the nodes behind them, each with the call that it is of.

    """
    if not any(map(_has_nan, roots)):
        return None
    holding = (node for node in tags if any(map(_has_nan, _saved(node))))
    return min(holding, key=lambda node: tags[node][0], default=None)


def _saved(node: Node) -> Iterator[Any]:
    """Yield what a node has saved, as it lies there: no hook of the user's unpacks it."""
    for field in saved_fields(type(node)):
        try:
            slots = saved_slots(node, field)
        except (RuntimeError, AttributeError):  # freed
            continue
        yield from (getattr(slot, "data", None) for slot in (slots if isinstance(slots, tuple) else [slots]))


def _has_nan(value: Any) -> bool:
    if not isinstance(value, Tensor) or value.layout != torch.strided:
        return False
    with no_function_modes(), torch.no_grad():
        try:
            return bool(value.isnan().any())
        except Exception:  # on the device "meta", of a FakeTensorMode
            return False
