"""What a training loop keeps alive, step by step, counted and drawn: ``memory_profile``."""

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from gradstop.drawing.diagram import MOST, Panel, figure
from gradstop.graph import Census
from gradstop.internals.torch_graph import untraced

Loop = Callable[[], Iterator[object]]


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
        panels = [
            Panel("nodes alive", {curve.name: curve.nodes for curve in self.curves}),
            Panel("bytes saved for backward", {curve.name: curve.saved_bytes for curve in self.curves}),
        ]
        return figure(panels, self.text, self.title)


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
    if not 1 <= len(loops) <= MOST:
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
