"""Lines over steps, drawn by matplotlib in the page's own colours, with their numbers in words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from gradstop.drawing.style import CSS
from gradstop.drawing.svg import clean

_MARKERS = (("o", 9), ("s", 6), ("D", 4), ("^", 8))  # lines that coincide can still be told apart
_LINES = ("-", "--", ":", "-.")
_FEW = 30  # up to so many steps each has a marker
# What matplotlib is told, and the page's colour that takes its place, in light and dark.
_INK = "#010203"
_COLOURS = (
    ("#010204", "var(--gs-warn)"),
    ("#010205", "var(--gs-leaf)"),
    ("#010206", "var(--gs-interior)"),
    ("#010207", "var(--gs-dim)"),
)
MOST = len(_COLOURS)


@dataclass(frozen=True)
class Panel:
    """One diagram.

    Attributes:
        title: what the vertical axis measures.
        lines: a name and its numbers, one for each step from 1 on; at most ``MOST`` of them.

    """

    title: str
    lines: Mapping[str, Sequence[float]]


def figure(panels: Sequence[Panel], text: str, title: str | None) -> str:
    """Return panels side by side as HTML, with the numbers in ``text`` below; the same bytes for the same numbers."""
    caption = f"<figcaption>{clean(title)}</figcaption>" if title else ""
    words = f"<details><summary>The numbers</summary><pre>{clean(text)}</pre></details>"
    alt = f"{title or panels[0].title}. " + text.replace("\n", ". ") + "."
    picture = f'<div role="img" aria-label="{clean(alt)}">{_svg(panels)}</div>'
    return f'<figure class="gs"><style>{CSS}</style>{caption}{picture}{words}</figure>'


def _svg(panels: Sequence[Panel]) -> str:
    import matplotlib  # only who draws a diagram pays for it
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "gradstop",
        "font.size": 9,
        "lines.markerfacecolor": "none",
    }
    inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color")
    with matplotlib.rc_context(style | dict.fromkeys(inked, _INK)):
        drawn = Figure(figsize=(3.2 * max(len(panels), 1.5), 2.6), layout="constrained")
        for axes, panel in zip(drawn.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _draw(axes, panel)
        drawn.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
        out = StringIO()
        drawn.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return _themed(out.getvalue())


def _draw(axes: Any, panel: Panel) -> None:
    looks = zip(panel.lines.items(), _COLOURS, _MARKERS, _LINES, strict=False)
    for (name, numbers), (colour, _), (marker, size), line in looks:
        look: dict[str, Any] = {"color": colour, "linestyle": line, "label": name, "clip_on": False}
        if len(numbers) <= _FEW:
            look |= {"marker": marker, "markersize": size}
        axes.plot(range(1, len(numbers) + 1), numbers, **look)
    axes.set(title=panel.title, xlabel="step")
    axes.set_ylim(bottom=min(0, *(min(numbers, default=0) for numbers in panel.lines.values())))
    axes.margins(y=0.1)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)


def _themed(svg: str) -> str:
    """Return the SVG element with the page's colours, and without the ids that nothing in it refers to.

    Places are rounded to a tenth of a pixel: what a training comes to is another one on another processor, by less.
    """
    look = '<svg class="lines" style="max-width:100%;height:auto" fill="currentColor" '
    svg = re.sub(r"-?\d+\.\d\d+", lambda found: f"{float(found[0]):.1f}", svg[svg.index("<svg") :])
    svg = svg.replace("<svg ", look, 1)
    for colour, variable in (*_COLOURS, (_INK, "currentColor")):
        svg = svg.replace(colour, variable)
    used = set(re.findall(r"#(\w+)", svg))
    return re.sub(r' id="(\w+)"', lambda found: found[0] if found[1] in used else "", svg)
