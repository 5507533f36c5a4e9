"""How large a card is. There is no font to ask, so widths are estimated from a wide one."""

import re
import textwrap
from dataclasses import dataclass, replace

from gradstop.drawing.cards import Card
from gradstop.drawing.words import Line

WRAP = 28  # characters: two cards fit side by side on a phone
_NAME = 24
_MOST_LINES = 8  # of one text
HEIGHT = {"name": 23, "op": 21, "plain": 17, "code": 17, "note": 17, "slot": 17}
SIZE = {
    "name": 15,
    "op": 14,
    "plain": 12.5,
    "code": 12.5,
    "note": 12.5,
    "slot": 12.5,
    "look": 12.5,
    "badge": 12.5,
    "label": 12.5,
}
PAD = 12
MARK = 17
MORE = "more "  # the mark of a line that goes on: only its room
RULE = 7  # above the first slot
# "(2, 3)", "4 addmm" and "version 0" stay on one line.
_TOGETHER = re.compile(r"(?<=\d,) (?=\d)|(?<=\d) (?=[a-z])|(?<=version) ")
_STICKY = "\N{NO-BREAK SPACE}"
_MONO, _SANS, _BOLD = 0.603, 0.59, 0.69
_MONO_ROLES = {"name", "op", "code", "look"}
_BOLD_ROLES = {"badge", "label"}


@dataclass(frozen=True)
class Sized:
    """A card whose lines are wrapped, and its size."""

    card: Card
    lines: tuple[Line, ...]
    width: float
    height: float


def measure(card: Card) -> Sized:
    """Return the card with its lines wrapped."""
    lines = tuple(part for line in card.lines for part in _wrap(line))
    width = max(_line_width(line) for line in lines) + 2 * PAD
    rules = RULE if any(line.role == "slot" for line in lines) else 0
    height = sum(HEIGHT[line.role] for line in lines) + rules + 16
    return Sized(card, lines, round(max(width, 64)), height)


def text_width(text: str, role: str) -> float:
    """Return about how wide a text is."""
    share = _MONO if role in _MONO_ROLES else _BOLD if role in _BOLD_ROLES else _SANS
    return len(text) * SIZE[role] * share


def _wrap(line: Line) -> list[Line]:
    if line.role in {"name", "op"}:
        text = " ".join(line.text.split())
        return [replace(line, text=text if len(text) <= _NAME else text[: _NAME - 1] + "…")]
    pieces = [
        piece.replace(_STICKY, " ")
        for text in line.text.split("\n")
        for piece in textwrap.wrap(text if line.role == "code" else _TOGETHER.sub(_STICKY, text), WRAP)
    ]
    if len(pieces) > _MOST_LINES:
        pieces = [*pieces[: _MOST_LINES - 1], f"{pieces[_MOST_LINES - 1]} …"]
    # Continued lines keep the indent of the first one, without its mark.
    blank = MORE + line.mark if line.mark else ""
    return [replace(line, text=piece, mark=blank if i else line.mark) for i, piece in enumerate(pieces)]


def _line_width(line: Line) -> float:
    width = text_width(line.text, line.role) + (MARK if line.mark else 0)
    if line.look:
        width += 8 + text_width(line.look, "look")
    if line.memory:
        width += 12 + text_width(line.memory, "badge") + 12
    return width
