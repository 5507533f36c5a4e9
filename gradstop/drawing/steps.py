"""A backward as a series of pictures in the same places, and the words for each step."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gradstop.drawing.alt import alternative
from gradstop.drawing.cards import Card, Picture
from gradstop.drawing.forward import Moment, forward_moments
from gradstop.drawing.measure import Sized, measure
from gradstop.drawing.picture import picture
from gradstop.drawing.svg import Frame, to_svg
from gradstop.drawing.words import Line, listed
from gradstop.graph import Failure, Graph, Step, Trace

MOST_CARDS = 60  # of a backward that is stepped through
_MOST_TERMS = 4  # of a sum that is written out


@dataclass(frozen=True)
class Shown:
    """One step as it is shown: what happens in it, and the picture after it."""

    words: str
    svg: str


def groups_to_step(graph: Graph) -> list[tuple[int, ...]]:
    """Return the nodes that are one step each: those of one card.

    Raises:
        ValueError: if there are more cards than one would look at.

    """
    cards = picture(graph).cards
    if len(cards) > MOST_CARDS:
        raise ValueError(
            f"This would be {len(cards)} cards, in a picture for each step: name fewer tensors (what has no name is "
            "folded), or look at the whole with draw()."
        )
    return [card.nodes for card in cards if card.nodes]


def show_steps(trace: Trace, forward: bool = False) -> list[Shown]:
    """Return what is shown of a backward: the graph before it, then a picture for each card whose nodes ran.

    Args:
        trace: what happened.
        forward: whether the forward pass is shown before it, card by card.

    """
    moments = list(_moments(trace, forward))
    sizes = _largest([[measure(card) for card in moment.picture.cards] for moment in moments])
    frames = [
        Frame(moments[0].picture, sized, moment.now, moment.sent) for moment, sized in zip(moments, sizes, strict=True)
    ]
    return [Shown(moment.words, _svg(moment, frame)) for moment, frame in zip(moments, frames, strict=True)]


def _svg(moment: Moment, frame: Frame) -> str:
    return to_svg(moment.picture, f"{moment.words} {alternative(moment.picture)}", frame)


def _largest(frames: list[list[Sized]]) -> list[list[Sized]]:
    """Give each card the room that it needs in any frame, so that nothing moves."""
    widths = [max(card.width for card in cards) for cards in zip(*frames, strict=True)]
    heights = [max(card.height for card in cards) for cards in zip(*frames, strict=True)]
    return [
        [replace(card, width=width, height=height) for card, width, height in zip(cards, widths, heights, strict=True)]
        for cards in frames
    ]


def _moments(trace: Trace, forward: bool) -> Iterator[Moment]:
    teller = _Teller(trace)
    if forward:
        yield from forward_moments(teller.numbered(teller.first))
    yield Moment(teller.start(), teller.numbered(teller.first))
    for step in trace.steps:
        yield teller.moment(step)
    if trace.failure is not None:
        after = trace.steps[-1].after if trace.steps else trace.before
        ended = tuple(replace(info, will_raise=info.will_be_filled, doubt="") for info in after.tensors)
        shown = teller.numbered(picture(replace(after, tensors=ended)))
        yield Moment(teller.failed(trace.failure), shown, teller.card_of[trace.failure.node], dict(teller.sent))


class _Teller:
    """Knows the names of one graph, which do not change while a backward runs, and what has been sent."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.graph = trace.before
        self.first = picture(trace.before)
        self.words, self.cards = self.first.words, self.first.cards
        self.card_of = {node: i for i, card in enumerate(self.cards) for node in card.nodes}
        self.received: dict[int, str] = {}
        self.sent: dict[tuple[int, int], str] = {}

    def start(self) -> str:
        root = self.words.tensor(self.graph.roots[0])
        return f"Before the backward, which starts at {root}."

    def failed(self, failure: Failure) -> str:
        who = self._name(failure.node)
        if failure.hook:
            who = f"{failure.hook[0].upper()}{failure.hook[1:]} on the gradient of {self._result(failure.node)}"
        where = f" (in the line: {failure.line})" if failure.line else ""
        return f"{who} raises, and the backward ends here: {failure.error}{where}"

    def numbered(self, shown: Picture) -> Picture:
        """Return the picture with the numbers by which the words call the nodes that have no name."""
        cards = (_headed(card) if card.style == "node" else card for card in shown.cards)
        return replace(shown, cards=tuple(cards))

    def moment(self, step: Step) -> Moment:
        """Return the picture after a step, its cards told what they have received."""
        shown = self.numbered(picture(step.after))
        card = self.card_of[step.node]
        if len(self.cards[card].nodes) == 1:
            self.received[card] = step.received or "none"
        notes = {number: f"gradient {text}" for number, text in self.received.items()}
        for wait in step.waiting:
            more = f",\n{wait.missing} more to come" if wait.missing else ""
            notes[self.card_of[wait.node]] = f"gradient so far {wait.gradient}" + more
        cards = [_told(other, notes.get(number)) for number, other in enumerate(shown.cards)]
        gone = self._gone(step)
        self.sent |= {(card, target): _sum(texts) for target, texts in gone.items()}
        return Moment(self._sentence(step, gone), replace(shown, cards=tuple(cards)), card, dict(self.sent))

    def _gone(self, step: Step) -> dict[int, list[str]]:
        """Return which gradients went to which card."""
        gone: dict[int, list[str]] = {}
        for edge, text in step.sent:
            if text is not None:
                gone.setdefault(self.card_of[edge.target], []).append(text)
        return gone

    def _sentence(self, step: Step, gone: dict[int, list[str]]) -> str:
        card = self.cards[self.card_of[step.node]]
        told = [
            f"A hook makes {after} of the {before} that came to {self._name(node, short=True)}"
            for node, before, after in step.changed
        ]
        told.append(self._ran(step, card))
        sends = [f"{_sum(texts)} to {self.cards[target].label}" for target, texts in gone.items()]
        told += [f"It sends {listed(sends)}"] if sends else []
        if not sends and step.sent:
            told.append("It sends nothing")
        keepers = [info for info in step.after.tensors if info.node in card.nodes and info.retains_grad and info.grad]
        told += [f"{self.words.tensor(info.id)} keeps its gradient in .grad" for info in keepers]
        for tensor, text in step.by_the_way:
            told.append(f"Code that ran in it made the .grad of {self.words.tensor(tensor)} {text}")
        if _frees(step.after, self.graph, card.nodes):
            told.append("It frees what it saved")
        return ". ".join(told) + "."

    def _ran(self, step: Step, card: Card) -> str:
        if card.members:
            return f"The nodes of {card.label} run"
        if len(card.nodes) > 1:
            return f"{card.label} run"
        name, filled = self._name(step.node), self.graph.nodes[step.node].accumulates
        if filled is None:
            return f"{name} receives {step.received or 'no gradient'}"
        grad = step.after.tensors[filled].grad
        if step.received is None:
            return f"{name} receives no gradient, and its .grad is {'still ' if grad is None else ''}{grad}"
        return f"{name} adds {step.received} to its .grad, which is now {grad}"

    def _result(self, node: int) -> str:
        """Return what a node has made, or the leaf that it fills."""
        card = self.cards[self.card_of[node]]
        return card.label if card.tensors else f"the result of {self.words.node(node)}"

    def _name(self, node: int, short: bool = False) -> str:
        card = self.cards[self.card_of[node]]
        if len(card.nodes) > 1:
            filled = self.graph.nodes[node].accumulates
            return self.words.node(node) if filled is None else self.words.tensor(filled)
        operation = self.words.operation(node)
        is_made = card.tensors and not short and self.graph.nodes[node].accumulates is None
        return f"{operation}, which made {card.label}," if is_made else card.label


def _sum(texts: list[str]) -> str:
    return " + ".join(texts) if len(texts) <= _MOST_TERMS else f"{len(texts)} gradients"


def _headed(card: Card) -> Card:
    head, *lines = card.lines
    return replace(card, lines=(replace(head, text=card.label), *lines))


def _told(card: Card, note: str | None) -> Card:
    return card if note is None else replace(card, lines=(*card.lines, Line("note", note, mark="gradient")))


def _frees(after: Graph, before: Graph, nodes: tuple[int, ...]) -> bool:
    """Whether nodes let go what they had saved."""
    had = (node for node in nodes if any(info.status != "freed" for info in before.nodes[node].saved))
    return any(info.status == "freed" for node in had for info in after.nodes[node].saved)
