"""What a training loop keeps alive, step by step, counted and drawn: ``memory_profile``."""

import gc
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from gradstop.drawing.style import CSS
from gradstop.drawing.svg import clean
from gradstop.graph import Census
from gradstop.internals.torch_graph import untraced

Loop = Callable[[], Iterator[object]]
_MARKERS = (("o", 9), ("s", 6), ("D", 4), ("^", 8))  # curves that coincide can still be told apart
_LINES = ("-", "--", ":", "-.")
# What matplotlib is told, and the page's colour that takes its place, in light and dark.
_INK = "#010203"
_COLOURS = (
    ("#010204", "var(--gs-warn)"),
    ("#010205", "var(--gs-leaf)"),
    ("#010206", "var(--gs-interior)"),
    ("#010207", "var(--gs-dim)"),
)


@dataclass(frozen=True)
class Curve:
    """One loop: after each step, how many nodes are alive and how many bytes are saved for backward."""

    name: str
    nodes: tuple[int, ...]
    saved_bytes: tuple[int, ...]


class MemoryProfile:
    """What some loops keep alive. A notebook shows two diagrams, plain Python prints the numbers.

    Attributes:
        curves: one for each loop.
        text: the numbers, a line for each loop and quantity.
        title: the caption, if any.

    """

    def __init__(self, curves: Sequence[Curve], title: str | None = None) -> None:
        self.curves = tuple(curves)
        self.title = title
        self.text = "\n".join(f"{name}, {what}: {_list(numbers)}" for what, name, numbers in self._rows())

    def _rows(self) -> Iterator[tuple[str, str, tuple[int, ...]]]:
        for curve in self.curves:
            yield "nodes alive", curve.name, curve.nodes
            yield "bytes saved", curve.name, curve.saved_bytes

    def __repr__(self) -> str:
        return self.text if not self.title else f"{self.title}\n{self.text}"

    def _repr_mimebundle_(self, **_: Collection[str] | None) -> dict[str, str]:
        """Return what a notebook shows. It picks a form itself, so its filters may be ignored."""
        return {"text/html": self._html(), "text/plain": repr(self)}

    def _html(self) -> str:
        caption = f"<figcaption>{clean(self.title)}</figcaption>" if self.title else ""
        words = f"<details><summary>The numbers</summary><pre>{clean(self.text)}</pre></details>"
        alt = f"{self.title or 'What is alive after each step'}. " + self.text.replace("\n", ". ") + "."
        picture = f'<div role="img" aria-label="{clean(alt)}">{_diagrams(self.curves)}</div>'
        return f'<figure class="gs"><style>{CSS}</style>{caption}{picture}{words}</figure>'


@untraced
def memory_profile(*loops: Loop, title: str | None = None) -> MemoryProfile:
    """Run each loop to its end, and count after each of its steps what autograd keeps alive.

    A loop is a generator function that yields after each training step; its name, underscores as blanks, is the
    name of its curve. Counted are graph nodes (without the leaves' ``AccumulateGrad``) and the bytes of the tensors
    that are saved for backward, weights left out, by tokens that die with what holds them: no clock and no allocator
    is asked, so every machine counts the same. The cyclic collector rests meanwhile: what only it would free counts
    as alive.

    Raises:
        ValueError: if no loop is given, or more than four.
        TypeError: if an argument is no generator function.

    """
    if not 1 <= len(loops) <= len(_COLOURS):
        raise ValueError(f"Pass one to four generator functions that yield after each training step, not {len(loops)}.")
    return MemoryProfile([_run(loop) for loop in loops], title)


def _run(loop: Loop) -> Curve:
    steps = loop()
    name = getattr(loop, "__name__", "loop").replace("_", " ").strip()
    if not isinstance(steps, Iterator):
        raise TypeError(f"{name!r} is no generator function: let it yield after each training step.")
    census = Census()
    nodes, saved = [], []
    with _collector_at_rest():
        while True:
            with census.recording(), _Tagging(census):
                try:
                    next(steps)
                except StopIteration:
                    break
            nodes.append(census.nodes())
            saved.append(census.saved_bytes())
    return Curve(name, tuple(nodes), tuple(saved))


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Tagging(TorchFunctionMode):
    """Counts the nodes of whatever an operation returns."""

    def __init__(self, census: Census) -> None:
        super().__init__()
        self.census = census

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(value, torch.Tensor):
                self.census.tag(value)
        return result


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers)


def _diagrams(curves: Sequence[Curve]) -> str:
    """Return two diagrams side by side as SVG, the same bytes for the same numbers."""
    import matplotlib  # only who draws a profile pays for it
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "gradstop",
        "font.size": 9,
        "lines.markerfacecolor": "none",
    }
    inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color")
    with matplotlib.rc_context(style | dict.fromkeys(inked, _INK)):
        figure = Figure(figsize=(6.4, 2.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        for curve, (colour, _), (marker, size), line in zip(curves, _COLOURS, _MARKERS, _LINES, strict=False):
            look: dict[str, Any] = {
                "color": colour,
                "clip_on": False,
                "marker": marker,
                "markersize": size,
                "linestyle": line,
                "label": curve.name,
            }
            left.plot(range(1, len(curve.nodes) + 1), curve.nodes, **look)
            right.plot(range(1, len(curve.nodes) + 1), curve.saved_bytes, **look)
        for axes, what in ((left, "nodes alive"), (right, "bytes saved for backward")):
            axes.set(title=what, xlabel="step")
            axes.set_ylim(bottom=0)
            axes.margins(y=0.1)
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.spines[["top", "right"]].set_visible(False)
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
        out = StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return _themed(out.getvalue())


def _themed(svg: str) -> str:
    """Return the SVG element with the page's colours, and without the ids that nothing in it refers to."""
    svg = svg[svg.index("<svg") :].replace("<svg ", '<svg style="max-width:100%;height:auto" fill="currentColor" ', 1)
    for colour, variable in (*_COLOURS, (_INK, "currentColor")):
        svg = svg.replace(colour, variable)
    used = set(re.findall(r"#(\w+)", svg))
    return re.sub(r' id="(\w+)"', lambda found: found[0] if found[1] in used else "", svg)
