"""Where history was cut: tensors without history that lie in the memory of a tracked one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from gradstop.graph.data import CutInfo
from gradstop.graph.given import Found, cut_tellers
from gradstop.graph.memory import overlap
from gradstop.graph.saved import Slot
from gradstop.graph.values import attempt
from gradstop.internals.torch import is_view, version, view_base

Reaches = Callable[[int, int], bool]  # does the history of the first tensor lead to the second, a leaf?


@dataclass(frozen=True, eq=False)  # compared by identity: comparing tensors would compute
class Place:
    """A known tensor and where it lies. Lives only while a graph is read."""

    id: int
    tensor: Tensor
    memory: int | None
    tracked: bool  # requires grad
    has_history: bool
    is_named: bool = True
    is_broken: bool = False

    @property
    def is_constant(self) -> bool:
        """Whether it neither has a history nor begins one."""
        return not self.tracked and not self.has_history

    def geometry(self) -> tuple[Any, ...] | None:
        """Return offset, shape and strides."""
        tensor = self.tensor
        return attempt(lambda: (tensor.storage_offset(), tuple(tensor.shape), tensor.stride()))


def find_cuts(group: Sequence[Place], reaches: Reaches) -> list[CutInfo]:
    """Return the cuts between tensors that share one memory, each with its most likely source."""
    interior = [place for place in group if place.has_history]
    # A view made under no_grad is a leaf that requires grad, and never the owner of the memory.
    leaves = sorted(
        (place for place in group if place.tracked and not place.has_history),
        key=lambda leaf: (is_view(leaf.tensor), leaf.id),
    )
    cuts = []
    for place in group:
        if place.has_history:
            continue
        # What a leaf's own views, or those of leaves cut later, share with it is no cut of theirs.
        later = leaves[leaves.index(place) :] if place.tracked else []
        tracked = [*interior, *(leaf for leaf in leaves if leaf not in later)]
        sources = [
            other
            for other in tracked
            if not any(reaches(other.id, leaf.id) for leaf in later) and overlap(other.tensor, place.tensor)
        ]
        if sources:
            source = min(sources, key=lambda other: _distance(other, place))
            cuts.append(CutInfo(source.id, place.id, _same_counter(source.tensor, place.tensor)))
    return cuts


def seen_cuts(found: Sequence[Found], slots: Sequence[Slot], known: Sequence[CutInfo]) -> Iterator[CutInfo]:
    """Yield the cuts that only who saw the calls can tell, such as a clone of a ``detach()``.

    Args:
        found: the known tensors.
        slots: what the nodes have saved.
        known: the cuts that the tensors themselves tell.

    """
    if not cut_tellers:
        return
    cut, takers = {one.cut for one in known}, {one.taken_by for one in known}
    given = [one.given for one in found]
    ids = {id(tensor) for tensor in given}
    ends: list[tuple[Tensor, int | None, int | None]] = [
        (one.given, number, None) for number, one in enumerate(found) if one.node is None and number not in cut
    ]
    ends += [
        (slot.tensor, None, slot.node)
        for slot in slots
        if slot.is_constant and slot.node not in takers and id(slot.tensor) not in ids
    ]
    for tensor, number, node in ends:
        for source in sorted({source for tell in cut_tellers for source in tell(tensor, given)} - {number}):
            yield CutInfo(source, number, None, taken_by=node, is_seen=True)


def _distance(source: Place, cut: Place) -> tuple[bool, bool, bool, int]:
    """Order sources: what is seen the same way, there an interior tensor; else what is no view."""
    alike = source.geometry() == cut.geometry()
    return not alike, alike and not source.has_history, is_view(source.tensor), source.id


def _same_counter(source: Tensor, cut: Tensor) -> bool | None:
    versions = attempt(lambda: (version(source), version(cut)))
    if versions is None or versions[0] != versions[1]:
        return False
    bases = attempt(lambda: (_base(source), _base(cut)))
    return True if bases is not None and bases[0] is bases[1] else None


def _base(tensor: Tensor) -> Tensor:
    base = view_base(tensor)
    return tensor if base is None else base
