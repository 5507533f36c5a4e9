"""Finds where numbers became NaN before a backward began: then no operation of the backward is at fault."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch.autograd.graph import Node

from gradstop.internals.torch import saved_fields, saved_slots
from gradstop.watch.values import has_nan
from gradstop.watch.walk import Tag


def nan_of_forward(tags: Mapping[Node, Tag]) -> Node | None:
    """Return the first operation of these nodes, each with the call that it is of, that has saved NaN, or None."""
    holding = (node for node in tags if any(map(has_nan, _saved(node))))
    return min(holding, key=lambda node: tags[node][0], default=None)


def _saved(node: Node) -> Iterator[Any]:
    """Yield what a node has saved, as it lies there: no hook of the user's unpacks it."""
    for field in saved_fields(type(node)):
        try:
            slots = saved_slots(node, field)
        except (RuntimeError, AttributeError):  # freed
            continue
        yield from (getattr(slot, "data", None) for slot in (slots if isinstance(slots, tuple) else [slots]))
