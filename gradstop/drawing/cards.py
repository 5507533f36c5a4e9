"""What a picture shows, before it has a place on it: cards and the links between them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from gradstop.drawing.words import TIMES, Line, Words
from gradstop.graph import Graph, TensorInfo

Style = Literal["leaf", "interior", "constant", "node", "fold"]


@dataclass(frozen=True)
class Entry:
    """A tensor on a card."""

    info: TensorInfo
    label: str  # how the text calls it
    look: str  # shape and dtype
    special: tuple[str, ...]  # what is worth saying beside its kind
    slot: Line | None  # its ``.grad``, where there is one to speak of


@dataclass(frozen=True)
class Card:
    """A tensor with the node that made it, a node whose result has no name, or many nodes."""

    style: Style
    label: str  # how the text calls it
    lines: tuple[Line, ...]
    tensors: tuple[Entry, ...] = ()
    maker: str = ""  # the name of the node that made its tensors
    maker_lines: tuple[Line, ...] = ()  # those of its lines that tell what this node takes and saves
    nodes: tuple[int, ...] = ()  # its own node; all of them for a fold
    members: tuple[int, ...] = ()  # the parameters that a box of a model holds


@dataclass(frozen=True)
class Link:
    """What joins two cards, from the one that is below to the one that it comes from.

    The gradient flows along ``times`` edges; or history was cut there; or a constant was taken, surely or not.
    """

    source: int
    target: int
    times: int = 1
    kind: Literal["flow", "cut", "perhaps cut", "seen cut", "takes", "perhaps"] = "flow"

    @property
    def is_cut(self) -> bool:
        """Whether it has the mark of a cut."""
        return self.kind.endswith("cut")

    @property
    def is_flow(self) -> bool:
        """Whether a gradient goes along it."""
        return self.kind == "flow"


@dataclass(frozen=True)
class Picture:
    """All that is drawn."""

    graph: Graph
    words: Words
    cards: tuple[Card, ...]
    links: tuple[Link, ...]
    ranks: tuple[int, ...]  # for each card
    parts: tuple[tuple[int, ...], ...]  # the cards, in groups that nothing connects

    @cached_property
    def order(self) -> list[int]:
        """The cards rank by rank."""
        return sorted(range(len(self.cards)), key=lambda card: (self.ranks[card], card))

    @cached_property
    def flows(self) -> list[list[str]]:
        """For each card, the labels of the cards that its gradient goes to."""
        flows: list[list[str]] = [[] for _ in self.cards]
        for link in self.links:
            if link.is_flow:
                flows[link.source].append(self.cards[link.target].label + self.times(link, " "))
        return flows

    def times(self, link: Link, before: str = "") -> str:
        """Return how many edges a link stands for, where they are more than one and not folded."""
        folded = "fold" in {self.cards[link.source].style, self.cards[link.target].style}
        return "" if link.times == 1 or not link.is_flow or folded else f"{before}{TIMES}{link.times}"
