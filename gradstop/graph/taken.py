"""What operations have taken that no gradient goes to: constants that were given, and what was cut on the way."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from torch import Tensor
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import Node

from gradstop.graph.cuts import Place
from gradstop.graph.data import CutInfo, TakenInfo
from gradstop.graph.fits import fitting
from gradstop.graph.memory import Span, overlap, storage_span
from gradstop.graph.saved import Slot

# Results without a derivative that these operations save, and that may go on as constants.
_INDICES = re.compile(r"(Max|Min|Topk|Sort|Kthvalue|Median|Nanmedian|Mode|Cummax|Cummin|\w*MaxPool\w*)Backward\d*$")


class Takers:
    """Compares what the nodes of a graph have saved with what was given and what they have made."""

    def __init__(self, nodes: Sequence[Node], places: Sequence[Place], slots: Iterable[Slot]) -> None:
        self.nodes, self.places = nodes, places
        self.slots = [slot for slot in slots if _has_constants(nodes[slot.node])]
        self.by_identity = {id(place.tensor): place for place in places}
        self.made: dict[int, Slot] = {}  # what a node has made, where another one, or itself, has saved it
        self.results: dict[object, list[Slot]] = defaultdict(list)  # by its memory, with what has no derivative
        self.known: dict[object, list[Place]] = defaultdict(list)
        for slot in self.slots:
            if slot.made_by is not None:
                self.made.setdefault(slot.made_by, slot)
            if slot.span and (slot.made_by is not None or self._is_index(slot)):
                self.results[slot.span].append(slot)
        for place in places:
            if span := storage_span(place.tensor):
                self.known[span].append(place)

    def taken(self) -> list[TakenInfo]:
        """Return which nodes have taken a constant that was given."""
        sure = {(slot.node, place.id) for slot in self._constants() for place in self._given(slot)}
        sure |= {(number, place.id) for number, node in enumerate(self.nodes) for place in self._held(node)}
        found = [TakenInfo(node, tensor) for node, tensor in sorted(sure)]
        return found + [TakenInfo(node, place.id, False) for node, place in self.fitting if place.is_constant]

    def cuts(self, cut_already: set[int]) -> Iterator[CutInfo]:
        """Yield the cuts of which at least one end has no name.

        Args:
            cut_already: the tensors of which the source is known.

        """
        seen = set()
        for slot in self._constants():
            if slot.span and not self._given(slot):
                source = self._source(slot.tensor, slot.span, slot.node)
                if source and (source, slot.node) not in seen:
                    seen.add((source, slot.node))
                    yield CutInfo(source[0], None, None, source_node=source[1], taken_by=slot.node)
        for node, place in self.fitting:
            if not place.is_constant:
                yield CutInfo(place.id, None, None, taken_by=node, is_sure=False)
        for place in self.places:
            if place.is_constant and place.id not in cut_already:
                source = self._source(place.tensor, storage_span(place.tensor), None)
                if source and source[0] is None:
                    yield CutInfo(None, place.id, None, source_node=source[1])

    def _given(self, slot: Slot) -> list[Place]:
        """Return the constant that was given and that a node has saved, itself or a view of it."""
        if id(slot.tensor) in self.by_identity:
            place = self.by_identity[id(slot.tensor)]
            return [place] if place.is_constant else []
        near = self.known.get(slot.span, [])
        if any(place.tracked for place in near):  # it may have been cut from that one
            return []
        return [place for place in near if overlap(place.tensor, slot.tensor)][:1]

    def _held(self, node: Node) -> Iterator[Place]:
        """Yield the constants given that a Function has put on its ``ctx``."""
        if isinstance(node, BackwardCFunction):
            held = (self.by_identity.get(id(value)) for value in vars(node).values() if isinstance(value, Tensor))
            yield from (place for place in held if place is not None and place.is_constant)

    def _source(self, tensor: Tensor, span: Span | None, but: int | None) -> tuple[int | None, int | None] | None:
        """Return what is tracked in the memory of a tensor: a known one, else the node that made it."""
        for place in sorted(self.known.get(span, []), key=lambda place: not place.has_history):
            if place.tracked and place.tensor is not tensor and overlap(place.tensor, tensor):
                return None if but is not None and self._is_own(but, place) else (place.id, None)
        for slot in self.results.get(span, []):
            node = slot.node if slot.made_by is None else slot.made_by
            if node != but and overlap(slot.tensor, tensor):
                return None, node
        return None

    def _is_own(self, number: int, place: Place) -> bool:
        """Whether a Function has saved a view of an input that has a history."""
        node = self.nodes[number]
        inputs = {target for target, _ in node.next_functions if target is not None}
        return isinstance(node, BackwardCFunction) and (
            (not place.is_broken and place.tensor.grad_fn in inputs)
            or any(getattr(target, "variable", None) is place.tensor for target in inputs)
        )

    def _constants(self) -> Iterator[Slot]:
        return (slot for slot in self.slots if slot.is_constant and not self._is_index(slot))

    def _is_index(self, slot: Slot) -> bool:
        return slot.is_constant and slot.field == "indices" and bool(_INDICES.match(self.nodes[slot.node].name()))

    @cached_property
    def fitting(self) -> list[tuple[int, Place]]:
        """Return the operations that save nothing of what they have taken, with the tensor that fits their numbers."""
        return fitting(self.nodes, self.places, self._values)

    def _values(self) -> dict[tuple[Node | None, int], Tensor]:
        """Return the tensors that are at hand, by the node that made, or fills, them and its output."""
        values: dict[tuple[Node | None, int], Tensor] = {}
        for number, slot in self.made.items():
            values[self.nodes[number], 0] = slot.tensor
        for node in self.nodes:
            leaf = getattr(node, "variable", None)
            if isinstance(leaf, Tensor):
                values[node, 0] = leaf
        for place in self.places:
            if place.has_history and not place.is_broken:
                values[place.tensor.grad_fn, place.tensor.output_nr] = place.tensor
        return values


def _has_constants(node: Node) -> bool:
    """Whether what a node saves may have come without a history: a Function may save what it likes of its inputs."""
    return not isinstance(node, BackwardCFunction) or any(target is None for target, _ in node.next_functions)
