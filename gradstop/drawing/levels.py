"""Which row each card goes to, so that no row is too wide for a page and a phone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradstop.drawing.cards import Picture
from gradstop.drawing.measure import text_width
from gradstop.drawing.words import CUTS

ROW = 480  # a row of cards is at most this wide
GAP = 22  # between cards of a row
CUT_WIDTH = 30 + text_width(CUTS["cut"][0], "label")


@dataclass(frozen=True)
class _Room:
    """How much room each card takes in a row, with the mark of a cut above it."""

    widths: Sequence[float]
    cut: frozenset[int]

    def of(self, card: int) -> float:
        return max(self.widths[card], CUT_WIDTH if card in self.cut else 0.0) + GAP


def place_levels(picture: Picture, widths: Sequence[float]) -> list[int]:
    """Return a row for each card. Ranks that are too wide take several rows; a cut takes one for its mark."""
    room = _Room(widths, frozenset(link.source for link in picture.links if link.is_cut))
    levels, level = [0] * len(widths), 0
    for shelf in _shelves(picture.parts, picture.ranks, room):
        for rank in _by_rank(shelf, picture.ranks):
            for chunk in _chunks(rank, room):
                level += any(card in room.cut for card in chunk)
                for card in chunk:
                    levels[card] = level
                level += 1
    return levels


def _by_rank(cards: Iterable[int], rank_of: Sequence[int]) -> list[list[int]]:
    ranked: dict[int, list[int]] = defaultdict(list)
    for card in cards:
        ranked[rank_of[card]].append(card)
    return [ranked[rank] for rank in sorted(ranked)]


def _shelves(parts: Iterable[Iterable[int]], rank_of: Sequence[int], room: _Room) -> list[list[int]]:
    """Put what is not connected side by side while there is room, else below."""
    shelves: list[list[int]] = []
    left = 0.0
    for part in parts:
        need = max(sum(map(room.of, rank)) for rank in _by_rank(part, rank_of))
        if need > left or not shelves:
            shelves.append([])
            left = ROW + GAP
        shelves[-1] += part
        left -= need
    return shelves


def _chunks(rank: Sequence[int], room: _Room) -> list[list[int]]:
    """Split a rank where it would become too wide for a row."""
    chunks: list[list[int]] = []
    left = 0.0
    for card in rank:
        if room.of(card) > left or not chunks:
            chunks.append([])
            left = ROW + GAP
        chunks[-1].append(card)
        left -= room.of(card)
    return chunks
