"""Where everything stands: rows from top to bottom, narrow enough for a page and a phone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from gradstop.drawing.cards import Link, Picture
from gradstop.drawing.levels import CUT_WIDTH, GAP, ROW, place_levels
from gradstop.drawing.measure import Sized

SPACE = 40  # between rows, where the arrows are
CUT_HEIGHT = 32
MARGIN = 16
_BESIDE = {0: GAP, 1: 12, 2: 6}  # how many of two neighbours are passing links
_SWEEPS = 8
_TRUNK = 5  # links


@dataclass(eq=False)
class Item:
    """Something with a place in a row: a card, the mark of a cut, or a link that passes by."""

    left: float  # extent to the left of its axis
    right: float
    height: float = 0.0
    card: Sized | None = None
    is_cut: bool = False
    up: list["Item"] = field(default_factory=list)
    down: list["Item"] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0  # top
    row: tuple[float, float] = (0.0, 0.0)  # top and bottom of its row


@dataclass(frozen=True)
class Route:
    """A link and what it passes, from its source up to its target."""

    link: Link
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Layout:
    """All places, from the top left corner."""

    rows: tuple[tuple[Item, ...], ...]
    routes: tuple[Route, ...]
    width: float
    height: float


def lay_out(picture: Picture, sized: Sequence[Sized]) -> Layout:
    """Return a place for every card and link of a picture, whose cards have these sizes."""
    cards = [_card_item(card) for card in sized]
    levels = place_levels(picture, [item.left + item.right for item in cards])
    router = _Router(cards, levels, picture)
    rows = _sort([row for row in router.rows if row])
    _place_x(rows)
    height = _place_y(rows)
    return Layout(tuple(map(tuple, rows)), router.routes, _shift(rows), height)


def _card_item(card: Sized) -> Item:
    return Item(card.width / 2, card.width / 2, card.height, card)


class _Router:
    """Reserves room for links in the rows that they pass. Many links of one card pass as one trunk."""

    def __init__(self, cards: Sequence[Item], levels: Sequence[int], picture: Picture) -> None:
        self.cards, self.levels = cards, levels
        self.rows: list[list[Item]] = [[] for _ in range(max(levels) + 1)]
        for item, level in zip(cards, levels, strict=True):
            self.rows[level].append(item)
        self.out = Counter(link.source for link in picture.links if link.is_flow)
        self.into = Counter(link.target for link in picture.links if link.is_flow)
        self.trunks: dict[object, Item] = {}
        self.routes = tuple(self._route(link) for link in picture.links)

    def _route(self, link: Link) -> Route:
        start, end = self.levels[link.source], self.levels[link.target]
        step = -1 if end < start else 1
        passed = [self._passing(link, level, level == start + step) for level in range(start + step, end, step)]
        items = (self.cards[link.source], *passed, self.cards[link.target])
        for low, high in pairwise(items if step < 0 else items[::-1]):
            low.up.append(high)
            high.down.append(low)
        return Route(link, items)

    def _passing(self, link: Link, level: int, first: bool) -> Item:
        """Return what a link passes in a row: beside its card, a cut has its mark."""
        if link.is_cut and first:
            item = Item(12, CUT_WIDTH - 12, CUT_HEIGHT, is_cut=True)
            self.rows[level].append(item)
            return item
        trunk = (self._trunk(link), level)
        if trunk not in self.trunks:
            self.trunks[trunk] = Item(3, 3)
            self.rows[level].append(self.trunks[trunk])
        return self.trunks[trunk]

    def _trunk(self, link: Link) -> object:
        out, into = self.out[link.source], self.into[link.target]
        if not link.is_flow or max(out, into) < _TRUNK:
            return link
        return ("from", link.source) if out >= into else ("to", link.target)


def _sort(rows: list[list[Item]]) -> list[list[Item]]:
    """Order each row by where its neighbours are, to have few crossings."""
    for sweep in range(_SWEEPS):
        downward = sweep % 2 == 0
        for i in range(1, len(rows)) if downward else range(len(rows) - 2, -1, -1):
            before = rows[i - 1] if downward else rows[i + 1]
            place = {id(item): (j + 0.5) / len(before) for j, item in enumerate(before)}
            here = {id(item): (j + 0.5) / len(rows[i]) for j, item in enumerate(rows[i])}
            wish = {}
            for item in rows[i]:
                near = [place[id(other)] for other in (item.up if downward else item.down) if id(other) in place]
                wish[id(item)] = sum(near) / len(near) if near else here[id(item)]
            rows[i].sort(key=lambda item: wish[id(item)])
    return rows


def _place_x(rows: list[list[Item]]) -> None:
    """Give each item the x of its neighbours, as far as the row has room."""
    for row in rows:
        for item, offset in zip(row, _offsets(row), strict=True):
            item.x = offset - _width(row) / 2 + row[0].left
    half = max(ROW, *(_width(row) for row in rows)) / 2  # no staircase beyond this
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 1  # the last one: what is made stands below what it is made from
        for row in rows if down else rows[::-1]:
            wishes = [_wish(item, down) for item in row]
            offsets = _offsets(row)
            slack = [wish - offset for wish, offset in zip(wishes, offsets, strict=True)]
            low, high = row[0].left - half, half - row[-1].right - offsets[-1]
            for item, offset, start in zip(row, offsets, _monotone(slack), strict=True):
                item.x = offset + min(max(start, low), high)


def _wish(item: Item, down: bool) -> float:
    near = (item.up or item.down) if down else (item.down or item.up)
    return sum(other.x for other in near) / len(near) if near else item.x


def _offsets(row: Sequence[Item]) -> list[float]:
    """Return how far each axis is from the first one when the row is packed."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + left.right + _BESIDE[_passes(left) + _passes(right)] + right.left)
    return offsets[: len(row)]


def _passes(item: Item) -> bool:
    return item.card is None and not item.is_cut


def _width(row: Sequence[Item]) -> float:
    return row[0].left + _offsets(row)[-1] + row[-1].right if row else 0.0


def _monotone(wishes: list[float]) -> list[float]:
    """Return the growing numbers that are nearest to the wishes (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []
    for wish in wishes:
        mean, size = wish, 1
        while pools and pools[-1][0] > mean:
            other, count = pools.pop()
            mean, size = (mean * size + other * count) / (size + count), size + count
        pools.append((mean, size))
    return [mean for mean, size in pools for _ in range(size)]


def _place_y(rows: list[list[Item]]) -> float:
    y = float(MARGIN)
    for row in rows:
        height = max((item.height for item in row), default=0)
        for item in row:
            item.y = round(y + (height - item.height) / 2)
            item.row = (y, y + height)
        y += height + SPACE
    return y - SPACE + MARGIN


def _shift(rows: list[list[Item]]) -> float:
    """Move everything so that it begins at the margin, on whole pixels; return the width."""
    items = [item for row in rows for item in row]
    start = min(item.x - item.left for item in items) - MARGIN
    for item in items:
        item.x = round(item.x - start)
    return max(item.x + item.right for item in items) + MARGIN
