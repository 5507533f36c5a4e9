"""A picture in sentences, for those who hear it."""

from gradstop.drawing.cards import Card, Line, Picture, node_lines
from gradstop.drawing.rank import order
from gradstop.drawing.words import flat, look, special
from gradstop.graph import TensorInfo

_KINDS = {"leaf": "a leaf", "interior": "an interior tensor", "constant": "a constant"}


def alternative(picture: Picture, title: str | None = None) -> str:
    """Return sentences that carry what the picture shows."""
    sentences = [f"{title}."] if title else []
    for number in order(picture):
        card = picture.cards[number]
        sentences += _tensors(picture, card) if card.tensors else [_nodes(card)]
        flows = picture.flows(number)
        if flows:
            sentences.append(f"From there the gradient flows to {_and(flows)}.")
    words = picture.words
    for cut in picture.graph.cuts:
        source, end = words.tensor(cut.source), words.tensor(cut.cut)
        sentences.append(f"There is a cut between {source} and {end}: same memory, no history.")
    for group in words.memories.values():
        sentences.append(f"{_and([words.tensor(i) for i in group])} share one memory.")
    return " ".join(sentences)


def _tensors(picture: Picture, card: Card) -> list[str]:
    words, graph = picture.words, picture.graph
    sentences = []
    for number in card.tensors:
        tensor = graph.tensors[number]
        sentences.append(_tensor(tensor, words.tensor(number), several=len(card.tensors) > 1))
        if tensor.is_root:
            sentences.append("A backward starts here.")
        slot = words.grad(tensor)
        if slot:
            what = (
                flat(slot.text)
                .removeprefix(".grad ")
                .replace(" →", " and")
                .replace(", ", " and ", slot.mark == "never")
            )
            sentences.append(f"Its .grad is {what}.")
    node = graph.tensors[card.tensors[0]].node
    if node is not None:
        does = _does(node_lines(graph.nodes[node], words))
        sentences.append(f"It was made by {graph.nodes[node].name}{', which ' + does if does else ''}.")
    return sentences


def _tensor(tensor: TensorInfo, label: str, several: bool) -> str:
    name = ", also called ".join(tensor.names) or f"The {label}"
    facts = special(tensor, several)
    what = _KINDS[tensor.kind] + (f" ({', '.join(facts)})" if facts else "")
    values = "" if tensor.values is None else f", with the values {tensor.values}"
    return f"{name} is {what} of shape {look(tensor)}{values}."


def _nodes(card: Card) -> str:
    head, *lines = card.lines
    if card.style == "fold":
        return f"One card stands for {head.text}: {'; '.join(flat(line.text) for line in lines)}."
    does = _does(lines)
    return f"{card.label} is a node whose result has no name{', which ' + does if does else ''}."


def _does(lines: list[Line]) -> str:
    """Return what a node does, from the lines of its card."""
    verbs = {"freed: ": "has freed ", "+ ": "has ", "a custom": "is a custom"}
    parts = []
    for line in lines:
        text = flat(line.text)
        for start, verb in verbs.items():
            if text.startswith(start):
                text = verb + text.removeprefix(start)
        parts.append(text)
    return "; ".join(parts)


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
