"""A backward as a series of pictures in the same places, and the words for each step."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gradstop.drawing.alt import alternative
from gradstop.drawing.cards import Card, Picture
from gradstop.drawing.measure import Sized, measure
from gradstop.drawing.picture import picture
from gradstop.drawing.svg import Frame, to_svg
from gradstop.drawing.words import Line, listed
from gradstop.graph import Graph, Step, Trace


@dataclass(frozen=True)
class Shown:
    """One step as it is shown: what happens in it, and the picture after it."""

    words: str
    svg: str


@dataclass(frozen=True)
class _Moment:
    """The picture after a step, with what each card says of its gradient."""

    words: str
    picture: Picture
    now: int | None = None
    sent: tuple[tuple[int, str], ...] = ()


def show_steps(trace: Trace) -> list[Shown]:
    """Return what is shown of a backward: the graph before it, then a picture for each node that ran.

    Raises:
        ValueError: if the graph is too large to be watched.

    """
    moments = list(_moments(trace))
    if any(card.style == "fold" for card in moments[0].picture.cards):
        raise ValueError(
            f"This graph has {len(trace.before.nodes)} nodes, too many to watch one by one: "
            "step through a smaller one, or look at the whole with draw()."
        )
    sizes = _largest([[measure(card) for card in moment.picture.cards] for moment in moments])
    frames = [
        Frame(moments[0].picture, sized, moment.now, dict(moment.sent))
        for moment, sized in zip(moments, sizes, strict=True)
    ]
    return [Shown(moment.words, _svg(moment, frame)) for moment, frame in zip(moments, frames, strict=True)]


def _svg(moment: _Moment, frame: Frame) -> str:
    return to_svg(moment.picture, f"{moment.words} {alternative(moment.picture)}", frame)


def _largest(frames: list[list[Sized]]) -> list[list[Sized]]:
    """Give each card the room that it needs in any frame, so that nothing moves."""
    widths = [max(card.width for card in cards) for cards in zip(*frames, strict=True)]
    heights = [max(card.height for card in cards) for cards in zip(*frames, strict=True)]
    return [
        [replace(card, width=width, height=height) for card, width, height in zip(cards, widths, heights, strict=True)]
        for cards in frames
    ]


def _moments(trace: Trace) -> Iterator[_Moment]:
    teller = _Teller(trace)
    yield _Moment(teller.start(), teller.numbered(teller.first))
    received: dict[int, str] = {}
    for step in trace.steps:
        received[step.node] = step.received or "none"
        yield teller.moment(step, received)
    if trace.failed is not None:
        after = trace.steps[-1].after if trace.steps else trace.before
        yield _Moment(teller.failure(trace.failed), teller.numbered(picture(after)), now=teller.card_of[trace.failed])


class _Teller:
    """Knows the names of one graph, which do not change while a backward runs."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.graph = trace.before
        self.first = picture(trace.before)
        self.words, self.cards = self.first.words, self.first.cards
        self.card_of = {node: i for i, card in enumerate(self.cards) for node in card.nodes}

    def start(self) -> str:
        root = self.words.tensor(self.graph.roots[0])
        return f"Before the backward, which starts at {root}."

    def failure(self, node: int) -> str:
        return f"{self._name(node)} raises, and the backward ends here: {self.trace.error}"

    def numbered(self, shown: Picture) -> Picture:
        """Return the picture with the numbers by which the words call the nodes that have no name."""
        cards = (_headed(card) if card.style == "node" else card for card in shown.cards)
        return replace(shown, cards=tuple(cards))

    def moment(self, step: Step, received: dict[int, str]) -> _Moment:
        """Return the picture after a step, its cards told what they have received."""
        shown = self.numbered(picture(step.after, running=True))
        notes = {self.card_of[node]: f"gradient {text}" for node, text in received.items()}
        for wait in step.waiting:
            more = f",\n{wait.missing} more to come" if wait.missing else ""
            notes[self.card_of[wait.node]] = f"gradient so far {wait.gradient}" + more
        cards = [_told(card, notes.get(number)) for number, card in enumerate(shown.cards)]
        sent = {card: " + ".join(texts) for card, texts in self._sent(step).items()}
        return _Moment(
            self._sentence(step), replace(shown, cards=tuple(cards)), self.card_of[step.node], tuple(sent.items())
        )

    def _sent(self, step: Step) -> dict[int, list[str]]:
        """Return which gradients went to which card."""
        gone: dict[int, list[str]] = {}
        for edge in self.graph.edges:
            text = step.sent[edge.input] if edge.source == step.node and edge.input < len(step.sent) else None
            if text is not None:
                gone.setdefault(self.card_of[edge.target], []).append(text)
        return gone

    def _sentence(self, step: Step) -> str:
        node = self.graph.nodes[step.node]
        name = self._name(step.node)
        if node.accumulates is not None:
            tensor = step.after.tensors[node.accumulates]
            return f"{name} adds {step.received} to its .grad, which is now {tensor.grad}."
        told = [f"{name} receives {step.received}"]
        sends = [f"{' + '.join(texts)} to {self.cards[card].label}" for card, texts in self._sent(step).items()]
        told += [f"It sends {listed(sends)}"] if sends else []
        keepers = [tensor for tensor in self.graph.tensors if tensor.node == step.node and tensor.retains_grad]
        told += [f"{self.words.tensor(tensor.id)} keeps its gradient in .grad" for tensor in keepers]
        freed = _freed(step, self.trace)
        told += [f"It frees {freed}"] if freed else []
        return ". ".join(told) + "."

    def _name(self, node: int) -> str:
        card = self.cards[self.card_of[node]]
        operation = self.graph.nodes[node].operation
        is_made = card.tensors and self.graph.nodes[node].accumulates is None
        return f"{operation}, which made {card.label}," if is_made else card.label


def _headed(card: Card) -> Card:
    head, *lines = card.lines
    return replace(card, lines=(replace(head, text=card.label), *lines))


def _told(card: Card, note: str | None) -> Card:
    return card if note is None else replace(card, lines=(*card.lines, Line("note", note, mark="gradient")))


def _freed(step: Step, trace: Trace) -> str:
    """Return what a node let go: the saved tensors that were there before and are freed after."""
    before = _saved(trace.before, step.node)
    after = _saved(step.after, step.node)
    return ", ".join(name for name, status in after.items() if status == "freed" and before.get(name) != "freed")


def _saved(graph: Graph, node: int) -> dict[str, str]:
    return {info.field: info.status for info in graph.nodes[node].saved}
