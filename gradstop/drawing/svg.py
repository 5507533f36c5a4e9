"""A picture as SVG: no script, no element ids, nothing from outside, the same bytes for the same graph."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from gradstop.drawing.cards import Picture
from gradstop.drawing.layout import Item, Layout, Route, lay_out
from gradstop.drawing.levels import GAP
from gradstop.drawing.measure import HEIGHT, MARK, MORE, PAD, RULE, Sized, measure, text_width
from gradstop.drawing.style import CSS
from gradstop.drawing.words import CUTS, Line

_LEGIBLE = 0.88  # of its size: 12.5 px become 11
_PHONE = 330  # pixels of a column on the narrowest phones
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Frame:
    """What makes a picture one of a series: all have the places of the first one, and tell where the run is."""

    first: Picture
    sized: Sequence[Sized]  # this picture's cards, in sizes that all frames give them
    now: int | None = None  # the card that is at work
    sent: Mapping[tuple[int, int], str] = field(default_factory=dict)  # what has gone along each link so far


def to_svg(picture: Picture, alt: str, frame: Frame | None = None) -> str:
    """Return a standalone SVG document. ``alt`` becomes its accessible name. A frame leaves the style to its figure."""
    style = "" if frame else f"<style>{CSS}</style>"
    frame = frame or Frame(picture, [measure(card) for card in picture.cards])
    layout = lay_out(frame.first, frame.sized)
    now = None if frame.now is None else frame.sized[frame.now]
    width, height = layout.width, layout.height
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="gs" role="img" aria-label="{clean(alt)}" ',
            f'width="{_n(width)}" height="{_n(height)}" viewBox="0 0 {_n(width)} {_n(height)}">',
            f'{style}<rect class="bg" width="{_n(width)}" height="{_n(height)}" rx="6"/>',
            *_links(layout, picture, frame),
            *(_card(item, item.card, item.card is now) for row in layout.rows for item in row if item.card),
            "</svg>",
        ]
    )


def scrolling(svg: str) -> str:
    """Return a picture that keeps its text legible: where the page is narrower, it scrolls."""
    width = float(svg.split('width="', 1)[1].split('"', 1)[0])
    least = round(width * _LEGIBLE)
    svg = svg.replace("<svg ", f'<svg style="min-width:{least}px" ', 1)
    if least <= _PHONE:
        return svg
    return f'<div class="gs-wide" tabindex="0" role="group" aria-label="A wide picture: it scrolls">{svg}</div>'


def clean(text: str) -> str:
    """Return a text that is safe in HTML and XML, within quotes too."""
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _text(x: float, y: float, role: str, text: str, more: str = "") -> str:
    return f'<text class="{role}" x="{_n(x)}" y="{_n(y)}">{clean(text)}{more}</text>'


# Cards


def _card(item: Item, card: Sized, now: bool) -> str:
    x, y = item.x - item.left, item.y
    parts = [f'<g class="{card.card.style}{" now" if now else ""}" data-card="{clean(card.card.label)}">']
    if card.card.style == "fold":
        parts += [_box(x + 6, y - 6, card), _box(x + 3, y - 3, card)]
    parts.append(_box(x, y, card))
    if card.card.tensors:
        parts.append(f'<rect class="band" x="{_n(x)}" y="{_n(y + 8)}" width="4" height="{_n(card.height - 16)}"/>')
    baseline, ruled = y + 4, False
    for line in card.lines:
        if line.role == "slot" and not ruled:
            ruled = True
            rule = f"M{_n(x + PAD)} {_n(baseline + 8)}h{_n(card.width - 2 * PAD)}"
            parts.append(f'<path class="rule" d="{rule}"/>')
            baseline += RULE
        baseline += HEIGHT[line.role]
        parts.append(_line(line, x, baseline, card.width))
    return "".join([*parts, "</g>"])


def _box(x: float, y: float, card: Sized) -> str:
    round_ = 6 if card.card.tensors else 11
    size = f'width="{_n(card.width)}" height="{_n(card.height)}"'
    return f'<rect class="box" x="{_n(x)}" y="{_n(y)}" {size} rx="{round_}"/>'


def _line(line: Line, x: float, y: float, width: float) -> str:
    left = x + PAD + (MARK if line.mark else 0)
    more = f'<tspan class="look" dx="8">{clean(line.look)}</tspan>' if line.look else ""
    role = "warn" if line.mark in {"warn", MORE + "warn"} else line.role
    more += f"<title>{clean(line.title)}</title>" if line.title else ""
    text = _text(left, y, role, line.text, more)
    return _mark(line.mark, x + PAD, y) + text + (_badge(line.memory, x + width - PAD + 4, y) if line.memory else "")


def _badge(text: str, right: float, y: float) -> str:
    """Return a text in a pill that ends at ``right``."""
    wide = _badge_width(text)
    x = right - wide
    pill = f'<rect class="pill" x="{_n(x)}" y="{_n(y - 13)}" width="{_n(wide)}" height="17" rx="8.5"/>'
    words = f'<text class="badge" x="{_n(x + wide / 2)}" y="{_n(y - 1)}" text-anchor="middle">{clean(text)}</text>'
    return pill + words


def _badge_width(text: str) -> float:
    return text_width(text, "badge") + 12


def _mark(mark: str, x: float, y: float) -> str:
    """Return the small shape before a line: its form says what its words say."""
    left, top, middle = _n(x + 1), _n(y - 9), _n(y - 4.5)
    square = f"M{left} {top}h9v9h-9z"
    shapes = {
        "kept": f'<circle class="solid" cx="{_n(x + 5.5)}" cy="{middle}" r="3.2"/>',
        "freed": f'<circle class="mark" cx="{_n(x + 5.5)}" cy="{middle}" r="3.4" stroke-dasharray="2 1.6"/>',
        "warn": f'<path class="warn" d="M{_n(x + 5.5)} {_n(y - 10)}l6 10.5h-12z"/>'
        f'<path class="bang" d="M{_n(x + 5.5)} {_n(y - 6.5)}v3.6m0 1.2v1.4"/>',
        "gradient": f'<path class="tip" d="M{_n(x + 5.5)} {_n(y - 10)}l4.5 9h-9z"/>',
        "full": f'<path class="solid" d="M{left} {top}h10v10h-10z"/>',
        "will": f'<path class="mark" d="{square}m4.5 -4v8.5m-2.6 -2.8l2.6 2.8l2.6 -2.8"/>',
        "perhaps": f'<path class="mark" d="{square}" stroke-dasharray="2 1.6"/>',
        "hook": f'<path class="mark" d="M{_n(x + 7)} {_n(y - 10)}v6a3 3 0 0 1 -6 0"/>',
        "never": f'<path class="mark" d="{square}l9 9"/>',
    }
    return shapes.get(mark, "")


# Links


def _links(layout: Layout, picture: Picture, frame: Frame) -> Iterable[str]:
    tops, bottoms = _ports(layout.routes)
    for route in layout.routes:
        items = route.items if route.items[-1].y <= route.items[0].y else route.items[::-1]
        points = _points(items, tops[id(route)], bottoms[id(route)])
        if route.link.is_cut:
            yield _cut(points, items, CUTS[route.link.kind])
            continue
        if not route.link.is_flow:
            yield f'<path class="{route.link.kind}" d="{_curve(points)}"/>'
            continue
        x, y = points[-1]
        points[-1] = (x, y + 7)
        carries = frame.sent.get((route.link.source, route.link.target))
        active = carries and route.link.source == frame.now
        yield f'<path class="flow{" sent" if active else ""}" d="{_curve(points)}"/>{_tip(x, y)}'
        times = picture.times(route.link)
        if times:
            side = -24 if points[-1][0] > points[0][0] else 6  # away from where the link bends
            yield _text(points[0][0] + side, points[0][1] - 8, "legend", times)
        if carries:
            ends = [bottoms[id(other)] for other in layout.routes if other.link.target == route.link.target]
            yield _sent(carries, x, y, layout.width, on_left=x < max(ends))


def _sent(text: str, x: float, y: float, width: float, on_left: bool) -> str:
    """Return the gradient that is on its way, beside the tip of its arrow and away from the next one."""
    wide = _badge_width(text)
    right = x - 8 if on_left and x - 8 >= wide else x + 8 + wide
    return _badge(text, min(right, width - 2), y + 22)


def _ports(routes: Iterable[Route]) -> tuple[dict[int, float], dict[int, float]]:
    """Return for each route the x at its lower and at its upper end, spread over the sides of the cards."""
    starts: dict[int, list[tuple[float, Route, Item]]] = defaultdict(list)
    ends: dict[int, list[tuple[float, Route, Item]]] = defaultdict(list)
    for route in routes:
        items = route.items if route.items[-1].y <= route.items[0].y else route.items[::-1]
        starts[id(items[0])].append((items[1].x, route, items[0]))
        ends[id(items[-1])].append((items[-2].x, route, items[-1]))
    return _spread(starts), _spread(ends)


def _spread(sides: dict[int, list[tuple[float, Route, Item]]]) -> dict[int, float]:
    places = {}
    for side in sides.values():
        side.sort(key=lambda entry: entry[0])
        card = side[0][2]
        step = min(GAP, (card.left + card.right - 2 * PAD) / len(side))
        for i, (_, route, _) in enumerate(side):
            places[id(route)] = card.x + (i - (len(side) - 1) / 2) * step
    return places


def _points(items: tuple[Item, ...], start: float, end: float) -> list[tuple[float, float]]:
    """Return where a link enters and leaves each row, from below upwards: it bends only between rows."""
    first, *passed, last = items
    points = [(start, first.y), (start, first.row[0])]
    for item in passed:
        points += [(item.x, item.row[1]), (item.x, item.row[0])]
    return [*points, (end, last.row[1]), (end, last.y + last.height)]


def _curve(points: list[tuple[float, float]]) -> str:
    path = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for i, ((x1, y1), (x2, y2)) in enumerate(pairwise(points)):
        if i % 2 == 0 or x1 == x2:  # through a row
            path.append(f"L{_n(x2)} {_n(y2)}")
        else:  # between two rows
            middle = (y1 + y2) / 2
            path.append(f"C{_n(x1)} {_n(middle)} {_n(x2)} {_n(middle)} {_n(x2)} {_n(y2)}")
    return "".join(path)


def _tip(x: float, y: float) -> str:
    return f'<path class="tip" d="M{_n(x)} {_n(y)}l4.5 9h-9z"/>'


def _cut(points: list[tuple[float, float]], items: tuple[Item, ...], words: tuple[str, ...]) -> str:
    """Return a dashed line that is broken at its mark, with two slashes and the words."""
    for i, item in enumerate(items):
        if item.is_cut:
            x, middle = item.x, item.y + item.height / 2
            below = [*points[: 2 * i + 1], (x, middle + 5)]
            above = [(x, middle - 5), *points[2 * i + 1 :]]
            slashes = f"M{_n(x - 7)} {_n(middle + 1)}l14 -7m-14 12l14 -7"
            lines = f'<path class="cut" d="{_curve(below)}"/><path class="cut" d="{_curve(above)}"/>'
            label = "".join(_text(x + 15, middle - 3 + 15 * k, "label", text) for k, text in enumerate(words))
            return f'{lines}<path class="slash" d="{slashes}"/>{label}'
    return f'<path class="cut" d="{_curve(points)}"/>'
