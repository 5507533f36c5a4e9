"""Which card stands in which row: leaves above what was made from them, as in the code."""

from gradstop.drawing.cards import Picture
from gradstop.graph.walk import reached


def ranks(picture: Picture) -> list[int]:
    """Return a row for each card. Every link leads from a lower row to a higher one, cuts where they can."""
    count = len(picture.cards)
    targets: list[set[int]] = [set() for _ in range(count)]
    for link in sorted(picture.links, key=lambda link: link.is_cut):
        # What was cut from its source stands below it, unless that would make a circle.
        if not link.is_cut or not _leads(targets, link.target, link.source):
            targets[link.source].add(link.target)
    rows = _longest(targets)
    _pull_down(rows, targets, picture)
    return rows


def order(picture: Picture) -> list[int]:
    """Return the cards row by row."""
    rows = ranks(picture)
    return sorted(range(len(rows)), key=lambda card: (rows[card], card))


def components(picture: Picture) -> list[list[int]]:
    """Return the cards in groups that no link, and no saved tensor, connects."""
    near: list[set[int]] = [set() for _ in picture.cards]
    pairs = [(link.source, link.target) for link in picture.links]
    pairs += [(card, saver) for card, savers in _savers(picture).items() for saver in savers]
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    parts: list[list[int]] = []
    placed: set[int] = set()
    for card in range(len(near)):
        if card not in placed:
            part = reached([card], near)
            placed |= part
            parts.append(sorted(part))
    return parts


def _leads(targets: list[set[int]], start: int, end: int) -> bool:
    return end in reached([start], targets)


def _longest(targets: list[set[int]]) -> list[int]:
    """Return for each card the length of the longest way up from it."""
    sources: list[list[int]] = [[] for _ in targets]
    for source, row in enumerate(targets):
        for target in row:
            sources[target].append(source)
    waiting = [len(row) for row in targets]
    rows = [0] * len(targets)
    ready = [card for card, left in enumerate(waiting) if not left]
    for card in ready:  # grows while it is read
        for source in sources[card]:
            rows[source] = max(rows[source], rows[card] + 1)
            waiting[source] -= 1
            if not waiting[source]:
                ready.append(source)
    return rows


def _pull_down(rows: list[int], targets: list[set[int]], picture: Picture) -> None:
    """Move cards at the top close to what uses them: to what saved them, where no link leads to them."""
    users: list[list[int]] = [[] for _ in rows]
    for source, row in enumerate(targets):
        for target in row:
            users[target].append(source)
    savers = _savers(picture)
    for card, row in enumerate(targets):
        below = [rows[user] for user in users[card] or savers.get(card, [])]
        if not row and below:
            rows[card] = max(0, min(below) - 1)


def _savers(picture: Picture) -> dict[int, list[int]]:
    """Return the cards whose node saved a card's tensor."""
    card_of = {tensor: i for i, card in enumerate(picture.cards) for tensor in card.tensors}
    savers: dict[int, list[int]] = {}
    for number, card in enumerate(picture.cards):
        for node in card.nodes if card.style != "fold" else ():
            for info in picture.graph.nodes[node].saved:
                if info.tensor in card_of:
                    savers.setdefault(card_of[info.tensor], []).append(number)
    return savers
