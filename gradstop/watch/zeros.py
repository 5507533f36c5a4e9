"""Finds during a backward which operation turned a gradient into zeros, or a finite one into another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node

from gradstop.watch.nan_forward import nan_of_forward
from gradstop.watch.values import has_nan, is_finite, not_zero
from gradstop.watch.walk import Tag, leaf_of, tag_of

# What is no operation: a hook, the gradient that backward began with, several gradients that add up to zero.
HOOK, START, SUM = "hook", "start", "sum"


@dataclass(slots=True)
class Passed:
    """What went through a node: whether something came in that was not zero, and which ways went out zero."""

    came: bool
    out: tuple[bool | None, ...]  # for each way: not zero, zero (False), none


@dataclass(frozen=True)
class Culprit:
    """The node after which the gradient of a leaf is zero; ``None`` for a hook of the leaf's."""

    operation: str
    tag: Tag | None
    terms: tuple[Tag, ...] = ()  # where several gradients of an interior tensor add up to zero: who gave them
    forward: bool = False  # it was so before the backward began


class Zeros:
    """Hooks on all nodes of one backward. Holds no gradient."""

    def __init__(self, nodes: Sequence[Node], roots: Sequence[Tensor]):
        self._passed: dict[Node, Passed] = {}
        self._nodes = list(nodes)
        self._before = self._nan_of_forward() if any(map(has_nan, roots)) else None
        self.spoiled: Node | None = None  # the first that finite numbers came into, and others left
        self._handles = [node.register_hook(self._hook(node)) for node in nodes if leaf_of(node) is None]

    def _nan_of_forward(self) -> Culprit | None:
        tags = _tags(self._nodes)
        node = nan_of_forward(tags)
        return None if node is None else Culprit(node.name(), tags[node], forward=True)

    def _hook(self, node: Node) -> Callable[[Any, Any], None]:
        def hook(inputs: Any, outputs: Any) -> None:
            came = any(not_zero(gradient) for gradient in outputs)
            if self.spoiled is None and not all(map(is_finite, inputs)) and all(map(is_finite, outputs)):
                self.spoiled = node
            self._passed[node] = Passed(came, tuple(None if g is None else not_zero(g) for g in inputs))

        return hook

    def remove(self) -> None:
        """Take the hooks off."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def spoiled_by(self) -> Culprit:
        """Return the first operation that had NaN forward, or else the first that a finite gradient left otherwise."""
        if self._before is not None:
            return self._before
        name = self.spoiled.name() if self.spoiled is not None else ""
        return Culprit(name, _tags(self._nodes).get(self.spoiled) if self.spoiled is not None else None)

    def culprit(self, leaf: Tensor) -> Any:
        """Return the first operation, counted from the leaf, whose gradient came in and went out as zeros."""
        above: dict[Node, list[tuple[Node, int]]] = {}
        ends = []
        for node in self._nodes:
            for way, (before, _) in enumerate(node.next_functions):
                if before is not None:
                    above.setdefault(before, []).append((node, way))
            if leaf_of(node) is leaf:
                ends.append(node)
        tags = _tags(self._nodes)
        seen, queue = set(ends), list(ends)
        changed = ""
        while queue:
            node, ways = queue.pop(0), 0
            for upper, way in above.get(node, ()):
                passed = self._passed.get(upper)
                if passed is None:
                    continue
                if way < len(passed.out) and passed.out[way]:
                    ways += 1  # it left the operation as something else: what follows is a hook, or the sum of several
                    changed, ends = HOOK if ways == 1 else SUM, [node]
                    continue
                if passed.came:
                    return Culprit(upper.name(), tags.get(upper))
                if upper not in seen:
                    seen.add(upper)
                    queue.append(upper)
        if not changed:
            return Culprit(START, None)
        summed = changed == SUM and leaf_of(ends[0]) is None
        terms = {tags[upper]: None for upper, _ in above[ends[0]] if upper in tags} if summed else {}
        return Culprit(changed, tags.get(ends[0]), tuple(terms))


def _tags(nodes: Sequence[Node]) -> dict[Node, Tag]:
    found: dict[Node, Tag] = {}
    for node in nodes:
        tag = tag_of(node) or found.get(node)
        if tag is not None:
            found[node] = tag
            for before, _ in node.next_functions:
                if before is not None and tag_of(before) is None:
                    found.setdefault(before, tag)
    return found
