"""The forward pass as a series of moments before the backward: what each operation took, gave and saved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from gradstop.drawing.cards import Card, Link, Picture
from gradstop.drawing.words import TIMES, listed


@dataclass(frozen=True)
class Moment:
    """The picture after a step, with the numbers that have gone along its links."""

    words: str
    picture: Picture
    now: int | None = None
    sent: Mapping[tuple[int, int], str] = field(default_factory=dict)


def forward_moments(shown: Picture) -> Iterator[Moment]:
    """Yield a moment for each card whose operations ran, the leaves' first.

    The values are those of now: of a result without a name, or edited since it was saved, there is none.
    """
    graph = shown.graph
    edited = {info.tensor for node in graph.nodes for info in node.saved if info.status == "edited"}
    values = {number: _value(card) for number, card in enumerate(shown.cards) if not edited & _tensors(card)}
    left = [number for number in shown.order if _computes(shown, number)]
    sent: dict[tuple[int, int], str] = {}
    yield Moment("Before the forward: the leaves and constants are there.", _without_values(shown, left))
    while left:
        card = left.pop(0)
        taken = [link for link in shown.links if link.source == card and not link.kind.startswith("perhaps")]
        sent |= {(card, link.target): text for link in taken if (text := values.get(link.target))}
        yield Moment(_sentence(shown, card, taken, values), _without_values(shown, left), card, dict(sent))


def _computes(shown: Picture, number: int) -> bool:
    return any(shown.graph.nodes[node].accumulates is None for node in shown.cards[number].nodes)


def _tensors(card: Card) -> set[int | None]:
    return {entry.info.id for entry in card.tensors}


def _value(card: Card) -> str | None:
    return card.tensors[0].info.values if len(card.tensors) == 1 else None


def _without_values(shown: Picture, numbers: list[int]) -> Picture:
    """Return the picture before some cards were computed."""
    later = set(numbers)
    later |= {link.source for link in shown.links if link.is_cut and link.target in later}  # what was cut from them
    cards = (
        replace(card, lines=tuple(line for line in card.lines if line.role != "code" or line.text != _value(card)))
        if number in later and card.tensors
        else card
        for number, card in enumerate(shown.cards)
    )
    return replace(shown, cards=tuple(cards))


def _sentence(shown: Picture, number: int, taken: list[Link], values: Mapping[int, str | None]) -> str:
    card = shown.cards[number]
    inputs = [_input(shown, link, values.get(link.target)) for link in taken]
    if card.members or len(card.nodes) > 1:
        return f"The nodes of {card.label} run" + (f", on {listed(inputs)}." if inputs else ".")
    without_name = shown.graph.nodes[card.nodes[0]].constants - sum(not link.is_flow for link in taken)
    if without_name > 0:
        inputs.append(f"{without_name} {'constant' if without_name == 1 else 'constants'} without a name")
    operation, value = shown.words.operation(card.nodes[0]), values.get(number)
    who = f"{operation}, which makes {card.label}," if card.tensors else card.label
    told = [f"{who} takes {listed(inputs)}" if inputs else f"{who} runs"]
    told[0] += f", and gives {value}" if value else ""
    saved = [info for info in shown.graph.nodes[card.nodes[0]].saved if info.tensor is not None]
    names = dict.fromkeys(shown.words.tensor(info.tensor) for info in saved if info.tensor is not None)
    told += [f"It has saved {listed(list(names))}"] if names else []
    return ". ".join(told) + "."


def _input(shown: Picture, link: Link, value: str | None) -> str:
    times = f" ({TIMES}{link.times})" if link.times > 1 else ""
    cut = ", cut," if link.is_cut else ""
    label = shown.cards[link.target].label
    return (f"{value} from {label}" if value else label) + cut + times
