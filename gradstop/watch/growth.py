"""Graphs that stay alive over several rounds, and graphs that no backward passes."""

from collections import defaultdict
from dataclasses import dataclass

from gradstop.internals.torch_calls import no_overrides
from gradstop.watch.events import Known, Story
from gradstop.watch.holders import holder_of
from gradstop.watch.lines import Line
from gradstop.watch.walk import lines_of_nodes, tag_of

ROUNDS = 3  # of how many rounds a line's graphs must be alive
MANY = 8  # results of one line that are alive though no backward passes them


@dataclass(frozen=True)
class Growth:
    """A line whose graphs of several rounds are alive at once, and what holds them."""

    line: Line
    rounds: int
    holder: str
    made: Line | None  # the line of what is held
    in_gradients: bool = False  # held by a .grad that has a history


def look_for_growth(story: Story, count: int, found: dict[Line, Growth]) -> None:
    """Look, after the third, fourth, sixth, eighth, twelfth, ... backward, for graphs of earlier rounds."""
    if not _due(count):
        return
    epochs: dict[Line, set[int]] = defaultdict(set)
    holds: dict[Line, Known] = {}
    in_gradients: set[Line] = set()
    for known, tensor in story.alive():
        held = tensor if tensor.grad_fn is not None else tensor.grad if tensor.is_leaf else None
        if held is None or held.grad_fn is None:
            continue
        for line, epoch in {(tag[1], tag[2]) for tag in lines_of_nodes([held]).values()}:
            epochs[line].add(epoch)
            holds.setdefault(line, known)
            if held is not tensor and holds[line] is known:
                in_gradients.add(line)
    held = tensor = None  # type: ignore[assignment]
    holders: dict[int, str] = {}
    for line, rounds in epochs.items():
        if len(rounds) < ROUNDS or line in found:
            continue
        known = holds[line]
        if line in in_gradients:
            found[line] = Growth(line, len(rounds), ".grad", None, True)
            continue
        if known.number not in holders:
            holders[known.number] = holder_of(known())
        made = tag_of(node) if (node := getattr(known(), "grad_fn", None)) is not None else None
        if holders[known.number]:
            found[line] = Growth(line, len(rounds), holders[known.number], made[1] if made else None)


def _due(count: int) -> bool:
    while count > 4 and count % 2 == 0:
        count //= 2
    return count in (3, 4)


def never_passed(story: Story) -> list[Growth]:
    """Return the lines whose results are alive in number, with their graphs, though no backward has passed one."""
    passed = {number for record in story.backwards for number in record.passed}
    by_line: dict[Line, dict[int, Known]] = defaultdict(dict)
    with no_overrides():
        for known, tensor in story.alive():
            tag = tag_of(tensor.grad_fn) if tensor.grad_fn is not None else None
            if tag is not None and tag[0] not in passed:
                by_line[tag[1]].setdefault(tag[0], known)
        tensor = None  # type: ignore[assignment]
        found = []
        for line, calls in by_line.items():
            if len(calls) >= MANY and (holder := holder_of(next(iter(calls.values()))())):
                found.append(Growth(line, len(calls), holder, None))
    return found
