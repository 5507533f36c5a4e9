"""Walk the graph from node to node, without recursion: a graph may be thousands of nodes deep."""

from collections.abc import Collection, Iterable, Sequence

from torch.autograd.graph import Node


def discover(starts: Iterable[Node]) -> dict[Node, int]:
    """Return a number for every node that can be reached, breadth first, so that the numbers repeat."""
    ids: dict[Node, int] = {}
    queue: list[Node] = []
    for start in starts:
        if start not in ids:
            ids[start] = len(ids)
            queue.append(start)
    for node in queue:  # grows while it is read
        for target, _ in node.next_functions:
            if target is not None and target not in ids:
                ids[target] = len(ids)
                queue.append(target)
    return ids


def reached(starts: Iterable[int], targets: Sequence[Collection[int]]) -> set[int]:
    """Return the numbers that can be reached from `starts`, themselves included."""
    seen = set(starts)
    stack = list(seen)
    while stack:
        for target in targets[stack.pop()]:
            if target not in seen:
                seen.add(target)
                stack.append(target)
    return seen
