"""A graph as cards and the links between them: what a picture shows, before it has a place on it."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from gradstop.drawing.fold import fold
from gradstop.drawing.words import TIMES, Note, Words, fold_title, kind, look
from gradstop.graph import Graph, NodeInfo

FOLD_OVER = 30  # cards
Style = Literal["leaf", "interior", "constant", "node", "fold"]


@dataclass(frozen=True)
class Line:
    """One line of a card. `role` says how it is set, `mark` which small shape stands before it."""

    role: Literal["name", "op", "plain", "code", "note", "slot"]
    text: str
    mark: str = ""
    look: str = ""  # after a name: shape and dtype
    memory: str = ""  # after a name: the badge


@dataclass(frozen=True)
class Card:
    """A tensor with the node that made it, a node whose result has no name, or many nodes."""

    style: Style
    label: str  # how the text calls it
    lines: tuple[Line, ...]
    tensors: tuple[int, ...] = ()
    nodes: tuple[int, ...] = ()  # its own node; all of them for a fold


@dataclass(frozen=True)
class Link:
    """The gradient flows from one card to another, along `times` edges; or history was cut there."""

    source: int
    target: int
    times: int = 1
    is_cut: bool = False


@dataclass(frozen=True)
class Picture:
    """All that is drawn."""

    graph: Graph
    words: Words
    cards: tuple[Card, ...]
    links: tuple[Link, ...]

    def flows(self, number: int) -> list[str]:
        """Return the labels of the cards that a card's gradient goes to."""
        links = [link for link in self.links if link.source == number and not link.is_cut]
        return [self.cards[link.target].label + self.times(link, " ") for link in links]

    def times(self, link: Link, before: str = "") -> str:
        """Return how many edges a link stands for, where they are more than one and not folded."""
        folded = "fold" in {self.cards[link.source].style, self.cards[link.target].style}
        return "" if link.times == 1 or link.is_cut or folded else f"{before}{TIMES}{link.times}"


def picture(graph: Graph, running: bool = False) -> Picture:
    """Return the cards and links for a graph, perhaps while a backward runs. Over `FOLD_OVER` cards are folded."""
    words = Words(graph, running)
    cards = _cards(graph, words)
    return Picture(graph, words, tuple(cards), tuple(_links(graph, cards)))


def _cards(graph: Graph, words: Words) -> list[Card]:
    named = {tensor.id for tensor in graph.tensors if tensor.names or tensor.is_root}
    homes = [_home(graph, number) for number in sorted(named)]
    visible = {node for home in homes for node in home}
    hidden = [node.id for node in graph.nodes if node.id not in visible]
    too_many = len(named) + len(hidden) > FOLD_OVER
    groups = fold(graph, visible) if too_many else [(number,) for number in hidden]
    cards = _tensor_cards(graph, words, sorted(named))
    return cards + [_group_card(graph, words, group) for group in groups]


def _home(graph: Graph, number: int) -> tuple[int, ...]:
    """Return the node that a tensor's card shows: the one that made it, or the one that fills it."""
    tensor = graph.tensors[number]
    node = tensor.node if tensor.node is not None else tensor.accumulator
    return () if node is None else (node,)


def _tensor_cards(graph: Graph, words: Words, numbers: list[int]) -> list[Card]:
    """Return one card for each tensor; outputs of one node share theirs."""
    together: dict[object, list[int]] = {}
    for number in numbers:
        node = graph.tensors[number].node
        together.setdefault(("tensor", number) if node is None else node, []).append(number)
    return [_tensor_card(graph, words, sorted(group)) for group in together.values()]


def _tensor_card(graph: Graph, words: Words, numbers: list[int]) -> Card:
    first = graph.tensors[numbers[0]]
    lines: list[Line] = []
    for number in numbers:
        tensor = graph.tensors[number]
        lines.append(Line("name", words.heading(number), look=look(tensor), memory=words.memory(number)))
        lines.append(Line("plain", kind(tensor, several=len(numbers) > 1)))
        if tensor.is_root:
            lines.append(Line("plain", "backward starts here"))
        if tensor.values is not None and (tensor.names or tensor.is_root):
            lines.append(Line("code", tensor.values))
    if first.node is not None:
        node = graph.nodes[first.node]
        lines += [Line("code", f"grad_fn {node.name}"), *node_lines(node, words)]
    slots = (words.grad(graph.tensors[number]) for number in numbers)
    lines += [_line("slot", note) for note in slots if note]
    label = ", ".join(words.tensor(number) for number in numbers)
    return Card(first.kind, label, tuple(lines), tuple(numbers), _home(graph, numbers[0]))


def node_lines(node: NodeInfo, words: Words) -> list[Line]:
    """Return the lines that tell what a node takes and saves."""
    lines = [Line("plain", "a custom Function")] if node.is_custom else []
    if node.constants:
        inputs = "input" if node.constants == 1 else "inputs"
        lines.append(Line("plain", f"+ {node.constants} constant {inputs}"))
    return lines + [_line("note", note) for note in words.saved(node)]


def _group_card(graph: Graph, words: Words, group: tuple[int, ...]) -> Card:
    node = graph.nodes[group[0]]
    if len(group) > 1:
        title = fold_title([graph.nodes[number] for number in group])
        lines = [Line("op", title), *(_line("note", note) for note in words.folded(group))]
        return Card("fold", title, tuple(lines), nodes=group)
    if node.accumulates is not None:
        return _tensor_card(graph, words, [node.accumulates])
    head = Line("op", node.operation)
    lines = [head, *node_lines(node, words)]
    return Card("node", words.node(node.id), tuple(lines), nodes=group)


def _line(role: Literal["note", "slot"], note: Note) -> Line:
    return Line(role, note.text, note.mark)


def _links(graph: Graph, cards: list[Card]) -> list[Link]:
    card_of_node = {node: i for i, card in enumerate(cards) for node in card.nodes}
    card_of_tensor = {tensor: i for i, card in enumerate(cards) for tensor in card.tensors}
    for node in graph.nodes:  # a folded leaf has no card of its own
        if node.accumulates is not None:
            card_of_tensor.setdefault(node.accumulates, card_of_node[node.id])
    flows = Counter((card_of_node[edge.source], card_of_node[edge.target]) for edge in graph.edges)
    links = [Link(source, target, times) for (source, target), times in flows.items() if source != target]
    cuts = dict.fromkeys((card_of_tensor[cut.cut], card_of_tensor[cut.source]) for cut in graph.cuts)
    return links + [Link(cut, source, is_cut=True) for cut, source in cuts if cut != source]
