"""Which cards stand above which: leaves above what was made from them, as in the code."""

from collections.abc import Sequence

from gradstop.drawing.cards import Card, Link
from gradstop.graph import Graph
from gradstop.graph.walk import adjacency, reached, topological


def savers(graph: Graph, cards: Sequence[Card]) -> list[list[int]]:
    """Return for each card the cards whose node saved a tensor of it."""
    card_of = {entry.info.id: i for i, card in enumerate(cards) for entry in card.tensors}
    saved = (
        (card_of[info.tensor], number)
        for number, card in enumerate(cards)
        if card.style != "fold"
        for node in card.nodes
        for info in graph.nodes[node].saved
        if info.tensor in card_of
    )
    return adjacency(len(cards), saved)


def ranks(links: Sequence[Link], saved_by: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Return a rank for each card. Every flow leads to a lower one, as do the other links that can.

    Args:
        links: the links between the cards.
        saved_by: for each card, the cards that saved it.

    """
    targets = adjacency(len(saved_by), ((link.source, link.target) for link in links if link.is_flow))
    for link in links:
        # What was cut from its source, or takes it, stands below it, unless that would make a circle.
        if not link.is_flow and link.source not in reached([link.target], targets):
            targets[link.source].append(link.target)
    rank_of = [0] * len(targets)
    for card in reversed(topological(targets)):
        rank_of[card] = max((rank_of[target] + 1 for target in targets[card]), default=0)
    users = adjacency(len(targets), ((target, card) for card, row in enumerate(targets) for target in row))
    for card, row in enumerate(targets):
        # A card at the top moves close to what uses it: to what saved it, where no link leads to it.
        below = [rank_of[user] for user in users[card] or saved_by[card]]
        if not row and below:
            rank_of[card] = max(0, min(below) - 1)
    return tuple(rank_of)


def connected(links: Sequence[Link], saved_by: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Return the cards in groups that no link, and no saved tensor, connects."""
    pairs = [(link.source, link.target) for link in links]
    pairs += [(card, saver) for card, row in enumerate(saved_by) for saver in row]
    near = adjacency(len(saved_by), [*pairs, *((end, start) for start, end in pairs)])
    parts: list[tuple[int, ...]] = []
    placed: set[int] = set()
    for card in range(len(near)):
        if card not in placed:
            part = reached([card], near)
            placed |= part
            parts.append(tuple(sorted(part)))
    return tuple(parts)
