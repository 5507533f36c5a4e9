"""Many drawings in little room: the cards, arrows and sentences that they share are there once.

A part of a drawing is kept as it would be at the origin, with the place where it stands. One whose place cannot be
taken from it without loss is kept as it is.
"""

import re
from collections.abc import Hashable, Iterator
from typing import Any

from gradstop.drawing import Drawing
from gradstop.drawing.svg import scrolling
from gradstop.graph import Graph

STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)  # the same in all
_ALT = re.compile(r'(?<=role="img" )aria-label="([^"]*)"')
_SEAMS = re.compile(r'(?=<g\b)|(?<=</g>)|(?=<path class="(?:flow|cut)")|(?=</svg>)|(?<=<g>)')
_ATTRIBUTE = re.compile(r'\b(c?)([xy])="(-?[\d.]+)"')
_PATH = re.compile(r'\bd="([^"]*)"')
_POINTS = re.compile(r"([MLC])(-?[\d.]+(?:[ ,]-?[\d.]+)*)")
_ORIGIN = re.compile(r'\bx="(-?[\d.]+)" y="(-?[\d.]+)"|\bd="M(-?[\d.]+) (-?[\d.]+)')


class Distinct:
    """Numbers things by their first appearance.

    Attributes:
        items: the things, each once.

    """

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._numbers: dict[Hashable, int] = {}

    def __call__(self, item: Hashable) -> int:
        """Return the number of a thing."""
        if item not in self._numbers:
            self._numbers[item] = len(self.items)
            self.items.append(item)
        return self._numbers[item]


class Drawings:
    """The drawings of graphs, each graph drawn once.

    Attributes:
        parts: the texts of which pictures are made.
        sentences: the texts of which the pictures' words are made.
        found: the drawings: the numbers of its sentences, and for each part its number and its place, x and y.

    """

    def __init__(self) -> None:
        self.parts = Distinct()
        self.sentences = Distinct()
        self.found = Distinct()
        self._drawn: dict[str, int] = {}

    def __call__(self, graph: Graph | None) -> int:
        """Return the number of a graph's drawing, -1 for none."""
        if graph is None:
            return -1
        key = repr(graph)
        if key not in self._drawn:
            self._drawn[key] = self.found(self._parted(STYLE.sub("", scrolling(Drawing(graph).svg))))
        return self._drawn[key]

    def _parted(self, svg: str) -> tuple[tuple[int, ...], tuple[float, ...]]:
        words = _ALT.search(svg)
        sentences = re.split(r"(?<=\. )", words[1]) if words else []
        places = [
            value
            for part, x, y in placed_parts(_ALT.sub('aria-label=""', svg, 1))
            for value in (self.parts(part), x, y)
        ]
        return tuple(map(self.sentences, sentences)), tuple(places)


def placed_parts(svg: str) -> Iterator[tuple[str, float, float]]:
    """Yield the parts of a picture in order, each as it is at the origin, and where it stands."""
    for part in filter(None, _SEAMS.split(svg)):
        origin = _ORIGIN.search(part)
        is_whole = part.count("<g") == part.count("</g") and "<svg" not in part
        if origin and is_whole:
            x, y = (float(number) for number in origin.groups() if number)
            moved = shifted(part, -x, -y)
            if shifted(moved, x, y) == part:
                yield moved, _short(x), _short(y)
                continue
        yield part, 0, 0


def shifted(part: str, x: float, y: float) -> str:
    """Return a part moved by x and y."""

    def attribute(found: re.Match[str]) -> str:
        return f'{found[1]}{found[2]}="{_short(float(found[3]) + (x if found[2] == "x" else y))}"'

    def points(found: re.Match[str]) -> str:
        numbers = map(float, re.split("[ ,]", found[2]))
        return found[1] + " ".join(
            str(_short(number + (y if place % 2 else x))) for place, number in enumerate(numbers)
        )

    part = _ATTRIBUTE.sub(attribute, part)
    return _PATH.sub(lambda found: f'd="{_POINTS.sub(points, found[1])}"', part)


def _short(number: float) -> float:
    number = round(number, 2)
    return int(number) if number == int(number) else number
