"""Walks the graph behind tensors: which recorded calls it is made of, and which leaves it fills."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node

from gradstop.internals.torch_graph import make_room_to_free
from gradstop.watch.lines import Line
from gradstop.watch.records import NODE_KEY
from gradstop.watch.tensors import history_of

Tag = tuple[int, Line, int]  # the number of the event, its line, its epoch


def nodes_behind(tensors: Iterable[Tensor]) -> tuple[list[Node], set[int], list[Tensor]]:
    """Return the nodes behind some tensors, each once, the numbers of the calls that made them, and the leaves."""
    found: set[Node] = set()
    order: list[Node] = []
    calls: set[int] = set()
    leaves: list[Tensor] = []
    stack: list[Any] = [history_of(tensor) for tensor in tensors]
    while stack:
        node = stack.pop()
        if node is None or node in found:
            continue
        found.add(node)
        order.append(node)
        following = node.next_functions
        if following:
            tag = node.metadata.get(NODE_KEY)
            if tag is not None:
                calls.add(tag[0])
            for before, _ in following:
                if before is not None:
                    stack.append(before)
        elif (leaf := leaf_of(node)) is not None:
            leaves.append(leaf)
    make_room_to_free(len(order))
    return order, calls, leaves


def tag_of(node: Node) -> Tag | None:
    """Return which recorded call made a node, None for one that is inside another call."""
    metadata: Any = node.metadata
    tag: Tag | None = metadata.get(NODE_KEY)
    return tag


def leaf_of(node: Node) -> Tensor | None:
    """Return the leaf that a node accumulates into."""
    leaf: Tensor | None = getattr(node, "variable", None)
    return leaf


def lines_of_nodes(roots: Iterable[Tensor]) -> dict[Node, Tag]:
    """Return for each node the call that it is of: its own, or the one whose result it is a part of."""
    found: dict[Node, Tag] = {}
    stack: list[tuple[Any, Tag | None]] = [(history_of(tensor), None) for tensor in roots]
    seen = set()
    while stack:
        node, above = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        tag = tag_of(node) or above
        if tag is not None:
            found[node] = tag
        stack.extend((before, tag) for before, _ in node.next_functions)
    return found
