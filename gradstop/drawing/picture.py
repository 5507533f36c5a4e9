"""Make the picture of a graph: its cards, the links between them and the rank of each card."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from gradstop.drawing.boxes import Boxes, find_boxes
from gradstop.drawing.cards import Card, Entry, Link, Picture
from gradstop.drawing.fold import fold
from gradstop.drawing.folded import box_lines, fold_lines
from gradstop.drawing.rank import connected, ranks, savers
from gradstop.drawing.words import Line, Words, hooks_of, kind_of, look, special, start_of
from gradstop.graph import Graph

FOLD_OVER = 30  # cards


def picture(graph: Graph, opened: Collection[str] = ()) -> Picture:
    """Return the picture of a graph. Over ``FOLD_OVER`` cards are folded.

    Args:
        graph: what was read.
        opened: the modules of a model that are shown part by part.

    """
    words = Words(graph)
    cards = tuple(_cards(graph, words, opened))
    links = tuple(_links(graph, cards))
    saved_by = savers(graph, cards)
    return Picture(graph, words, cards, links, ranks(links, saved_by), connected(links, saved_by))


def _cards(graph: Graph, words: Words, opened: Collection[str]) -> list[Card]:
    named = [tensor.id for tensor in graph.tensors if tensor.names or tensor.is_root]
    boxed = len(named) > FOLD_OVER or any(tensor.members for tensor in graph.tensors)
    boxes = find_boxes(graph, opened) if boxed else Boxes([], {}, set())
    shown = [number for number in named if number not in boxes.of_tensor]
    shown += sorted(boxes.shown.difference(shown))
    visible = {node for number in shown for node in _home(graph, number)}
    hidden = [node.id for node in graph.nodes if node.id not in visible]
    too_many = boxed or len(shown) + len(hidden) > FOLD_OVER
    groups: list[tuple[int, ...]] = [(number,) for number in hidden]
    if too_many:
        groups = fold(graph, visible, boxes.of_node)
    cards = _tensor_cards(graph, words, shown)
    return cards + _group_cards(graph, words, groups, boxes)


def _group_cards(graph: Graph, words: Words, groups: list[tuple[int, ...]], boxes: Boxes) -> list[Card]:
    """Return the cards of what is not visible. A box is in parts where a visible node lies between them."""
    held: dict[str, list[int]] = {}
    for tensor, box in boxes.of_tensor.items():
        held.setdefault(box, []).append(tensor)
    parts: dict[str, list[tuple[tuple[int, ...], list[int]]]] = {}
    cards = []
    for group in groups:
        path = boxes.of_node[group[0]] if boxes.of_node else None
        filled = {graph.nodes[node].accumulates for node in group}
        inside = [tensor for tensor in held.get(path or "", []) if tensor in filled]
        # What is only computed after a box is no part of it.
        if path is None or not (inside or path in _frozen(graph, boxes, group)):
            cards.append(_group_card(graph, words, group))
            continue
        parts.setdefault(path, []).append((group, inside))
    for path, tensors in held.items():
        own = parts.get(path) or [((), [])]
        own[-1][1].extend(set(tensors).difference(*(inside for _, inside in own)))  # what no gradient comes to
        for number, (group, inside) in enumerate(own, 1):
            title = path if len(own) == 1 else f"{path}, part {number}"
            cards.append(_box_card(words, title, group, sorted(inside)))
    return cards


def _frozen(graph: Graph, boxes: Boxes, group: tuple[int, ...]) -> set[str | None]:
    """Return the boxes whose frozen parameters some nodes have taken."""
    nodes = set(group)
    return {boxes.of_tensor.get(taken.tensor) for taken in graph.taken if taken.is_sure and taken.node in nodes}


def _box_card(words: Words, title: str, group: tuple[int, ...], members: list[int]) -> Card:
    lines = (Line("op", title), *box_lines(words, group, members))
    return Card("fold", title, lines, nodes=group, members=tuple(members))


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
    slots = [(entry.label, entry.slot) for entry in entries if entry.slot]
    named = [replace(slot, text=f"{label}{slot.text}") if len(entries) > 1 else slot for label, slot in slots]
    return Card(
        style=first.kind,
        label=", ".join(entry.label for entry in entries),
        lines=(*heads, *made, *maker_lines, *named),
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
        lines.append(Line("plain", start_of(info)[0]))
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
    card_of_tensor |= {tensor: i for i, card in enumerate(cards) for tensor in card.members}
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
            kind=cut.kind,
        )
        for cut in graph.cuts
    ]
    others = list(dict.fromkeys([*cuts, *taken]))
    return links + [link for link in others if link.source != link.target]
