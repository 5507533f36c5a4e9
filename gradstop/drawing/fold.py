"""Fold the unnamed nodes of a large graph into a few cards, without making a cycle.

Two hidden nodes share a card when the same visible nodes lead to them and they are joined by hidden ones
alike. Along an edge the set of visible nodes that lead to a node only grows. So a path that left a card and
came back would keep the set, and could not pass a visible node: that one would be in the set, and lead to
itself. Passing only hidden nodes with one set, joined by edges, the path has not left the card.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from gradstop.graph import Graph
from gradstop.graph.walk import topological


def fold(graph: Graph, visible: Collection[int], boxes: Sequence[str | None] = ()) -> list[tuple[int, ...]]:
    """Return the groups of nodes that are not visible, each sorted, in order of discovery.

    Args:
        graph: what was read.
        visible: the nodes that have a card of their own.
        boxes: the box of each node, where a model has some: nodes of two boxes share no card, and those of one box
            share one also where nothing joins them.

    """
    above = _visible_above(graph, visible)
    box = boxes or [None] * len(graph.nodes)
    parent = list(range(len(graph.nodes)))
    for edge in graph.edges:
        ends = (edge.source, edge.target)
        alike = above[edge.source] == above[edge.target] and box[edge.source] == box[edge.target]
        if alike and not any(end in visible for end in ends):
            parent[_top(parent, edge.target)] = _top(parent, edge.source)
    groups: dict[object, list[int]] = defaultdict(list)
    for node in graph.nodes:
        if node.id not in visible:
            inside = box[node.id]
            groups[_top(parent, node.id) if inside is None else (inside, above[node.id])].append(node.id)
    return sorted(tuple(group) for group in groups.values())


def _visible_above(graph: Graph, visible: Collection[int]) -> list[int]:
    """Return, for every node, which visible nodes lead to it, as the bits of a number."""
    bits = {node: 1 << i for i, node in enumerate(sorted(visible))}
    above = [0] * len(graph.nodes)
    for node in topological(graph.targets):
        passed = above[node] | bits.get(node, 0)
        for target in graph.targets[node]:
            above[target] |= passed
    return above


def _top(parent: list[int], node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node
