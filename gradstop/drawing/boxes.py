"""Which box of a model each node and each parameter of a graph belongs to.

A box is a module: its parameters, and what is computed from there to where the next box begins. A node lies in the box
that begins last of those that lead to it, so that along the forward pass the boxes only go on: with the visible nodes
that ``fold`` keeps apart, no circle of cards can come of it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from gradstop.graph import Graph, TensorInfo
from gradstop.graph.walk import topological


@dataclass(frozen=True)
class Boxes:
    """The box of each node and of each parameter, by the path of its module.

    Attributes:
        of_node: for each node, the path; None for a node before the first box.
        of_tensor: the parameters that a box holds.
        shown: the parameters that belong to a module that was opened, and so have a card.

    """

    of_node: list[str | None]
    of_tensor: dict[int, str]
    shown: set[int]


def find_boxes(graph: Graph, opened: Collection[str]) -> Boxes:
    """Return the boxes of the model whose parameters the graph has as members.

    Args:
        graph: what was read.
        opened: the paths of the modules that are shown part by part.

    """
    paths = {info.id: path for info in graph.tensors if (path := path_of(info))}
    opened = {""} | set(opened) | _only(paths.values())
    boxes = {tensor: _box(path, opened) for tensor, path in paths.items()}
    held = {tensor: box for tensor, box in boxes.items() if box is not None}
    return Boxes(_of_nodes(graph, held), held, boxes.keys() - held.keys())


def path_of(info: TensorInfo) -> str:
    """Return the dotted name of a parameter, empty for another tensor."""
    if info.members:
        return info.members[0]
    names = (
        [name.replace("[", ".").replace("]", "") for name in info.names] if info.is_parameter and not info.notes else []
    )
    return next((name for name in names if "." in name), "")


def _only(paths: Collection[str]) -> set[str]:
    """Return the modules around all that there is: one box would stand for everything."""
    around: set[str] = set()
    while paths:
        inner = {path[len(_longest(around)) :].lstrip(".").partition(".") for path in paths}
        if len({first for first, _, _ in inner}) != 1 or not all(dot for _, dot, _ in inner):
            break
        ((first, _, _), *_) = inner
        around.add(".".join(filter(None, [_longest(around), first])))
    return around


def _longest(paths: Collection[str]) -> str:
    return max(paths, key=len, default="")


def around(path: str) -> list[str]:
    """Return the modules around what has a dotted name, from the outermost."""
    parts = path.split(".")
    return [".".join(parts[:i]) for i in range(1, len(parts))]


def _box(path: str, opened: Collection[str]) -> str | None:
    """Return the outermost module of a path that is not opened, None where all are."""
    return next((box for box in around(path) if box not in opened), None)


def _of_nodes(graph: Graph, held: dict[int, str]) -> list[str | None]:
    begins: dict[str, int] = {}
    own: list[str | None] = [None] * len(graph.nodes)  # the box of what is made of a parameter alone
    place = [-1] * len(graph.nodes)
    order: list[str] = []
    frozen: list[list[str]] = [[] for _ in graph.nodes]  # the boxes of frozen parameters, which have no node
    for taken in graph.taken:
        if taken.is_sure and taken.tensor in held:
            frozen[taken.node].append(held[taken.tensor])
    for node in reversed(topological(graph.targets)):
        info, targets = graph.nodes[node], graph.targets[node]
        if info.accumulates is not None:
            own[node] = held.get(info.accumulates)
            continue
        inner = [own[target] for target in targets]
        if targets and not info.constants and all(inner) and len(targets) == 1:
            own[node] = inner[0]  # such as the transpose of a weight
            continue
        begun = [box for box in [*inner, *frozen[node]] if box]
        for box in begun:
            if box not in begins:
                begins[box] = len(order)
                order.append(box)
        place[node] = max([place[t] for t in targets] + [begins[box] for box in begun], default=-1)
    return [own[n] or (order[place[n]] if place[n] >= 0 else None) for n in range(len(graph.nodes))]
