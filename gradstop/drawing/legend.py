"""What the signs of a picture mean, for who asks: only those that are in it."""

from collections.abc import Iterator

from gradstop.drawing.cards import Picture

_BAR = (
    '<rect class="box" x="1" y="1" width="26" height="12" rx="3"/><rect class="band" x="1" y="3" width="4" height="8"/>'
)
_BOX = '<rect class="box" x="1" y="1" width="26" height="12" rx="{}"/>'
_LINE = '<path class="{}" d="M2 7h24"/>'
_CUT = _LINE.format("cut") + '<path class="slash" d="M10 12l4 -10m2 10l4 -10"/>'
_SAMPLES = {
    "leaf": (f'<g class="leaf">{_BAR}</g>', "a leaf, and what is in its .grad"),
    "interior": (f'<g class="interior">{_BAR}</g>', "an interior tensor, with the operation that made it"),
    "constant": (f'<g class="constant">{_BOX.format(3)}</g>', "a constant: no gradient goes through it"),
    "node": (f'<g class="node">{_BOX.format(6)}</g>', "an operation whose result has no name here"),
    "fold": (f'<g class="fold">{_BOX.format(6)}</g>', "several operations, folded"),
    "flow": (_LINE.format("flow") + '<path class="tip" d="M26 7l-8 -4v8z"/>', "the way a backward sends the gradient"),
    "cut": (_CUT, "a cut: same memory, no history"),
    "perhaps cut": (_CUT, "perhaps a cut: the numbers fit"),
    "seen cut": (_CUT, "a cut: the watch saw the call that made it"),
    "takes": (_LINE.format("takes"), "an operation takes a constant"),
    "perhaps": (_LINE.format("perhaps"), "it may have taken this one: the numbers fit"),
}


def legend(picture: Picture) -> str:
    """Return the legend of a picture as a list in HTML."""
    rows = "".join(
        f'<li><svg class="gs" width="28" height="14" aria-hidden="true">{sample}</svg> {text}</li>'
        for sample, text in map(_SAMPLES.__getitem__, _signs(picture))
    )
    return f'<details class="gs-legend"><summary>What the signs mean</summary><ul>{rows}</ul></details>'


def _signs(picture: Picture) -> Iterator[str]:
    there = {card.style for card in picture.cards} | {link.kind for link in picture.links}
    return (sign for sign in _SAMPLES if sign in there)
