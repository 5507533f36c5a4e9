"""The boxes of a net that are opened by a click or by the arrow keys, one level at a time, without a script.

Each box that can be opened has a picture of its own, with it and all around it open; a choice shows one of them.
"""

import re
from collections.abc import Collection

from gradstop.drawing.alt import alternative
from gradstop.drawing.boxes import around
from gradstop.drawing.choice import Choosable, choice, new_group
from gradstop.drawing.legend import legend
from gradstop.drawing.picture import picture
from gradstop.drawing.svg import clean, scrolling, to_svg
from gradstop.drawing.text import dump
from gradstop.graph import Graph

MOST_OPENED = 24  # pictures beside the first one
_CLOSED = "all closed"
_BOX = re.compile(
    r'<g class="fold[^"]*" data-card="([^"]*)">(?:<rect class="box"[^>]*/>){2}'
    r'<rect class="box" x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)"'
)
_CSS = "".join(
    [
        ".gs-over{position:relative}",
        ".gs-steps label.gs-open{position:absolute;display:none;box-sizing:border-box;margin:0;padding:0;",
        "border:2px solid transparent;border-radius:12px}",
        "@media screen{@supports selector(:has(a)){.gs-steps label.gs-open{display:block}}}",
        ".gs-steps label.gs-open:hover{border-color:var(--gs-interior)}",
    ]
)


def levels(graph: Graph, opened: Collection[str] = ()) -> list[str]:
    """Return the modules that can be opened, level by level: as many levels as there is room for.

    Args:
        graph: what was read, with the members of a model.
        opened: the modules that are open from the start. What lies in the innermost of them comes first.

    """
    names = [name for info in graph.tensors for name in info.members[:1]]
    modules = {path: depth for name in names for depth, path in enumerate(around(name))}
    start = "".join(f"{path}." for path in [max(opened, key=len, default="")] if path)
    inner = {path: depth for path, depth in modules.items() if path not in opened and path.startswith(start)}
    found: list[str] = []
    for depth in sorted(set(inner.values())):
        level = [path for path, its in inner.items() if its == depth]
        if len(found) + len(level) > MOST_OPENED:
            break
        found += level
    return found


def body(shown: str, words: str, legend_: str) -> str:
    """Return a picture with its words and its legend, as HTML."""
    details = f"<details><summary>This picture in words</summary><pre>{clean(words)}</pre></details>"
    return f"{shown}{details}{legend_}"


def opening(graph: Graph, opened: Collection[str], title: str | None, svg: str, first: str) -> str:
    """Return a figure whose boxes can be opened; empty where there is none to open.

    Args:
        graph: what was read.
        opened: the modules that are open from the start.
        title: the caption.
        svg: the picture with these alone.
        first: the same with its words, as ``body`` returns it.

    """
    group = new_group()
    pictures = {svg: Choosable(_CLOSED, "no box opened", first)}
    keys = [""]
    for path in levels(graph, opened):
        shown = picture(graph, opened={*opened, *around(path), path})
        svg = to_svg(shown, alternative(shown, title))
        if svg not in pictures:  # a module that is the only one is open from the start
            said = f"{path} opened, {len(shown.cards)} cards"
            pictures[svg] = Choosable(path, said, body(svg, dump(shown), legend(shown)))
            keys.append(path)
    if len(pictures) < 2:
        return ""
    numbers = {path: number for number, path in enumerate(keys) if path}
    ready = [
        Choosable(one.key, one.said, one.html.replace(svg, _with_doors(svg, group, numbers), 1))
        for svg, one in pictures.items()
    ]
    first_alone = f"#{group}>section+section{{display:none}}#{group} [role=radiogroup]{{font-size:.85em}}"
    label = f"Boxes to open: {title}" if title else "Boxes to open"  # a page may have several
    return choice(group, label, ready, title, _CSS + first_alone, with_ids=True)


def _with_doors(svg: str, group: str, numbers: dict[str, int]) -> str:
    """Return a picture over whose boxes lie labels: a click on one checks the key of that box."""
    width, height = (float(re.search(rf'<svg [^>]*{side}="([\d.]+)"', svg)[1]) for side in ("width", "height"))  # type: ignore[index]
    doors = ""
    for label, x, y, wide, high in _BOX.findall(svg):
        number = numbers.get(label.partition(", part ")[0])
        if number is not None:
            place = [100 * float(n) / of for n, of in ((x, width), (y, height), (wide, width), (high, height))]
            left, top, right, bottom = (f"{share:.2f}%" for share in place)
            style = f"left:{left};top:{top};width:{right};height:{bottom}"
            doors += f'<label class="gs-open" for="{group}-{number}" title="open {label}" style="{style}"></label>'
    return (
        scrolling(svg)
        .replace("<svg ", f'<div class="gs-over" style="max-width:{width}px"><svg ', 1)
        .replace("</svg>", f"</svg>{doors}</div>", 1)
    )
