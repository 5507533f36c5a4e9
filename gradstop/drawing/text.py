"""A picture as lines of text: for plain Python, and folded below the picture in a notebook."""

from gradstop.drawing.cards import Picture
from gradstop.drawing.words import CUTS, flat


def dump(picture: Picture) -> str:
    """Return the picture as lines of text, leaves first, results last."""
    blocks = [_block(picture, number) for number in picture.order]
    words = picture.words
    blocks += [
        f"{' | '.join(words.ends(cut))}  {' '.join(CUTS[cut.kind])}{_counter(cut.same_counter)}"
        for cut in picture.graph.cuts
    ]
    for letter, group in words.memories.items():
        blocks.append(f"memory {letter}: " + ", ".join(words.heading(i) for i in group))
    return "\n".join(blocks)


def _counter(same: bool | None) -> str:
    return {True: "; one version counter", False: "; version counters differ", None: ""}[same]


def _block(picture: Picture, number: int) -> str:
    card = picture.cards[number]
    lines = []
    for line in card.lines:
        if line.role == "op":
            lines.append(card.label)
        elif line.role == "name":
            lines.append("  ".join(part for part in (line.text, line.look, line.memory) if part))
        else:
            lines.append(
                ("    ! " if line.mark == "warn" else "    ")
                + flat(line.text)
                + (f", {line.title}" if line.title else "")
            )
    flows = ", ".join(picture.flows[number])
    return "\n".join([*lines, *([f"    gradient flows to {flows}"] if flows else [])])
