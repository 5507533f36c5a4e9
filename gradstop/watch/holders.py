"""Graphs that stay alive over several rounds, and what holds them."""

import gc
import sys
import types
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

from gradstop.watch.events import Known, Story
from gradstop.watch.lines import USER, Line, kind_of
from gradstop.watch.walk import lines_of_nodes, tag_of

ROUNDS = 3  # of how many rounds a line's graphs must be alive


@dataclass(frozen=True)
class Growth:
    """A line whose graphs of several rounds are alive at once, and what holds them."""

    line: Line
    rounds: int
    holder: str
    made: Line | None  # the line of what is held


def look_for_growth(story: Story, count: int, found: dict[Line, Any]) -> None:
    """Look, after the third, fourth, sixth, eighth, twelfth, ... backward, for graphs of earlier rounds."""
    if not _due(count):
        return
    epochs: dict[Line, set[int]] = defaultdict(set)
    holds: dict[Line, Known] = {}
    for known, tensor in story.alive():
        if tensor.grad_fn is None:
            continue
        for line, epoch in {(tag[1], tag[2]) for tag in lines_of_nodes([tensor]).values()}:
            epochs[line].add(epoch)
            holds.setdefault(line, known)
    del tensor
    names: dict[int, str] = {}
    for line, rounds in epochs.items():
        if len(rounds) >= ROUNDS and line not in found:
            ref = holds[line]
            if id(ref) not in names:
                names[id(ref)] = holder_of(ref())
            node = getattr(ref(), "grad_fn", None)
            tag = tag_of(node) if node is not None else None
            if names[id(ref)]:
                found[line] = Growth(line, len(rounds), names[id(ref)], tag[1] if tag else None)


def _due(count: int) -> bool:
    while count > 4 and count % 2 == 0:
        count //= 2
    return count in (3, 4)


def holder_of(item: Any, depth: int = 6) -> str:
    """Return in words what holds a tensor: ``outs[0]["loss"]``; empty where nothing was found."""
    path, seen = "", {id(item)}
    for _ in range(depth):
        name = _variable(item)
        if name:
            return name + path
        owner, word, ends = _held_by(item, seen)
        if owner is None:
            break
        path = word + path
        if ends:
            return path
        item = owner
        seen.add(id(item))
    return f"a {type(item).__name__}, at {path}" if path else ""


def _held_by(item: Any, seen: set[int]) -> tuple[Any, str, bool]:
    """Return a container that holds an item, how it names it, and whether the search ends there."""
    for referrer in gc.get_referrers(item):  # the list goes with this call, so that it is not found next
        if id(referrer) not in seen and (step := _step(referrer, item)) is not None:
            return referrer, *step
    return None, "", False


def _variable(item: Any) -> str:
    """Return the name under which a function of the user's that is running has it."""
    frame = sys._getframe(1)
    while frame is not None:
        if kind_of(frame.f_code.co_filename) == USER:
            for name, value in frame.f_locals.items():
                if value is item and not name.startswith("_"):
                    return name
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def _step(referrer: Any, item: Any) -> tuple[str, bool] | None:
    """Return how a container names the item, and whether it is somebody's attributes or variables."""
    kind = type(referrer)
    if kind in (list, deque, tuple):
        place = next((i for i, value in enumerate(referrer) if value is item), None)
        return None if place is None else (f"[{place}]", False)
    if kind is dict:
        name = next((key for key, value in list(referrer.items()) if value is item), None)
        if name is None:
            return None
        if "__name__" in referrer and "__builtins__" in referrer:
            return str(name), True
        owner = next((r for r in gc.get_referrers(referrer) if getattr(r, "__dict__", None) is referrer), None)
        return (f"[{name!r}]", False) if owner is None else (f"{type(owner).__name__}.{name}", True)
    held = getattr(referrer, "__dict__", None)
    if isinstance(held, dict) and not isinstance(referrer, types.ModuleType):
        name = next((key for key, value in held.items() if value is item), None)
        return None if name is None else (f"{kind.__name__}.{name}", True)
    return None
