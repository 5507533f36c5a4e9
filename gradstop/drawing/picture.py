"""Make the picture of a graph: its cards, the links between them and the rank of each card."""

from collections import Counter

from gradstop.drawing.cards import Card, Entry, Link, Picture
from gradstop.drawing.fold import fold
from gradstop.drawing.folded import fold_lines
from gradstop.drawing.rank import connected, ranks, savers
from gradstop.drawing.words import Line, Words, hooks_of, kind_of, look, special
from gradstop.graph import Graph

FOLD_OVER = 30  # cards


def picture(graph: Graph, running: bool = False) -> Picture:
    """Return the picture of a graph, perhaps while a backward runs. Over ``FOLD_OVER`` cards are folded."""
    words = Words(graph, running)
    cards = tuple(_cards(graph, words))
    links = tuple(_links(graph, cards))
    saved_by = savers(graph, cards)
    return Picture(graph, words, cards, links, ranks(links, saved_by), connected(links, saved_by))


def _cards(graph: Graph, words: Words) -> list[Card]:
    named = [tensor.id for tensor in graph.tensors if tensor.names or tensor.is_root]
    visible = {node for number in named for node in _home(graph, number)}
    hidden = [node.id for node in graph.nodes if node.id not in visible]
    too_many = len(named) + len(hidden) > FOLD_OVER
    groups = fold(graph, visible) if too_many else [(number,) for number in hidden]
    return _tensor_cards(graph, words, named) + [_group_card(graph, words, group) for group in groups]


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
    return [_tensor_card(graph, words, group) for group in together.values()]


def _tensor_card(graph: Graph, words: Words, numbers: list[int]) -> Card:
    entries = tuple(_entry(graph, words, number, several=len(numbers) > 1) for number in numbers)
    first = entries[0].info
    maker = None if first.node is None else graph.nodes[first.node]
    made = [] if maker is None else [Line("plain", f"made by {words.operation(maker.id)}", title=maker.name)]
    maker_lines = () if maker is None else tuple(words.node_lines(maker))
    heads = [line for entry in entries for line in _entry_lines(entry, words)]
    slots = [entry.slot for entry in entries if entry.slot]
    return Card(
        style=first.kind,
        label=", ".join(entry.label for entry in entries),
        lines=(*heads, *made, *maker_lines, *slots),
        tensors=entries,
        maker="" if maker is None else words.operation(maker.id),
        maker_lines=maker_lines,
        nodes=_home(graph, first.id),
    )


def _entry(graph: Graph, words: Words, number: int, several: bool) -> Entry:
    info = graph.tensors[number]
    return Entry(info, words.tensor(number), look(info), tuple(special(info, several)), words.slot(info))


def _entry_lines(entry: Entry, words: Words) -> list[Line]:
    info = entry.info
    lines = [Line("name", words.heading(info.id), look=entry.look, memory=words.memory(info.id))]
    lines.append(Line("plain", ", ".join([kind_of(info), *entry.special])))
    if info.is_root:
        lines.append(Line("plain", "backward starts here" if info.requires_grad else "no backward starts here"))
    if info.values is not None and (info.names or info.is_root):
        lines.append(Line("code", info.values))
    return [*lines, *hooks_of(info)]


def _group_card(graph: Graph, words: Words, group: tuple[int, ...]) -> Card:
    node = graph.nodes[group[0]]
    if len(group) > 1:
        lines = fold_lines(words, group)
        return Card("fold", lines[0].text, tuple(lines), nodes=group)
    # A leaf that was edited in place once it required no grad has a maker: its card shows that one.
    if node.accumulates is not None and graph.tensors[node.accumulates].node is None:
        return _tensor_card(graph, words, [node.accumulates])
    return Card(
        "node",
        words.node(node.id),
        (Line("op", words.operation(node.id), title=node.name), *words.node_lines(node)),
        nodes=group,
    )


def _links(graph: Graph, cards: tuple[Card, ...]) -> list[Link]:
    card_of_node = {node: i for i, card in enumerate(cards) for node in card.nodes}
    card_of_tensor = {entry.info.id: i for i, card in enumerate(cards) for entry in card.tensors}
    for node in graph.nodes:  # a folded leaf has no card of its own
        if node.accumulates is not None:
            card_of_tensor.setdefault(node.accumulates, card_of_node[node.id])
    flows = Counter((card_of_node[edge.source], card_of_node[edge.target]) for edge in graph.edges)
    links = [Link(source, target, times) for (source, target), times in flows.items() if source != target]
    taken = [
        Link(card_of_node[one.node], card_of_tensor[one.tensor], kind="takes" if one.is_sure else "perhaps")
        for one in graph.taken
    ]
    cuts = [
        Link(
            card_of_node[cut.taken_by] if cut.taken_by is not None else card_of_tensor[cut.cut or 0],
            card_of_tensor[cut.source] if cut.source is not None else card_of_node[cut.source_node or 0],
            kind="cut" if cut.is_sure else "perhaps cut",
        )
        for cut in graph.cuts
    ]
    others = list(dict.fromkeys([*cuts, *taken]))
    return links + [link for link in others if link.source != link.target]
