"""A picture in sentences, for those who hear it."""

from collections.abc import Sequence

from gradstop.drawing.cards import Card, Entry, Picture
from gradstop.drawing.words import CUTS, Line, flat, hooks_of, kind_of, listed, start_of

_KINDS = {
    "leaf": "a leaf",
    "interior": "an interior tensor",
    "constant": "a constant",
    "no history": "a tensor without history",
}


def alternative(picture: Picture, title: str | None = None) -> str:
    """Return sentences that carry what the picture shows."""
    sentences = [f"{title}."] if title else []
    for number in picture.order:
        card, flows = picture.cards[number], picture.flows[number]
        sentences += _tensors(card) if card.tensors else [_nodes(card)]
        if flows:
            sentences.append(f"From there the gradient flows to {listed(flows)}.")
    words = picture.words
    for cut in picture.graph.cuts:
        source, end = words.ends(cut)
        what = "There is a cut" if cut.is_sure else "There may be a cut"
        why = " ".join(CUTS[cut.kind]).partition(": ")[2]
        sentences.append(f"{what} between {source} and {end}: {why}.")
    for group in words.memories.values():
        sentences.append(f"{listed([words.tensor(i) for i in group])} share one memory.")
    return " ".join(sentences)


def _tensors(card: Card) -> list[str]:
    sentences = []
    for entry in card.tensors:
        sentences.append(_tensor(entry))
        if entry.info.is_root:
            sentences.append(f"{start_of(entry.info)[1]}.")
        for line in hooks_of(entry.info):
            sentences.append(f"It {line.said}.")
        if entry.slot:
            sentences.append(f"Its .grad is {entry.slot.said}.")
    if card.maker:
        sentences.append(f"It was made by {card.maker}{_which(card.maker_lines)}.")
    return sentences


def _tensor(entry: Entry) -> str:
    info = entry.info
    name = ", also called ".join(info.names) or f"The {entry.label}"
    what = _KINDS[kind_of(info)] + (f" ({', '.join(entry.special)})" if entry.special else "")
    values = "" if info.values is None else f", with the values {info.values}"
    return f"{name} is {what} of shape {entry.look}{values}."


def _nodes(card: Card) -> str:
    head, *lines = card.lines
    if card.style == "fold":
        return f"One card stands for {head.text}: {_said(lines)}."
    return f"{card.label} is a node whose result has no name{_which(lines)}."


def _which(lines: Sequence[Line]) -> str:
    """Return what a node does, from the lines of its card."""
    return f", which {_said(lines)}" if lines else ""


def _said(lines: Sequence[Line]) -> str:
    return "; ".join(line.said or flat(line.text) for line in lines)
