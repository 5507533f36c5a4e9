"""Graphs that stay alive over several rounds, and graphs that no backward passes."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from torch.autograd.graph import Node
from torch.nn import Parameter

from gradstop.internals.torch_calls import no_overrides
from gradstop.watch.events import FIRST_LOOK, Story
from gradstop.watch.guarded import our_own_faults_logged
from gradstop.watch.holders import holder_of
from gradstop.watch.lines import Line
from gradstop.watch.records import Known
from gradstop.watch.tensors import history_of
from gradstop.watch.walk import leaf_of, lines_of_nodes, tag_of

_Of = tuple[Line, int]
ROUNDS = 3  # of how many rounds a line's graphs must be alive
MOST_KEPT = 50
MOST_ASKED = 4
MANY = 8  # results of one line that are alive though no backward passes them


@dataclass(frozen=True)
class Growth:
    """A line whose graphs of several rounds are alive at once, and what holds them."""

    line: Line
    rounds: int
    holder: str
    made: Line | None  # the line of what is held
    in_gradients: bool = False  # held by a .grad that has a history


def look_for_growth(story: Story, backwards: int, found: dict[Line, Growth]) -> None:
    """Look, after the third, fourth, sixth, eighth, twelfth, ... backward, for graphs of earlier rounds."""
    if not _due(backwards):
        return
    # By the line, and a parameter that the graph ends in: each of several networks may keep its last graph.
    epochs: dict[_Of, set[int]] = defaultdict(set)
    earlier: dict[_Of, set[int]] = defaultdict(set)  # of these, those of tensors that an earlier round has made
    most: dict[tuple[_Of, bool], list[_Held]] = {}  # by that, and whether an earlier round has made what is held
    for known, tensor in story.alive():
        held = tensor.grad if tensor.is_leaf else tensor
        if held is None or history_of(held) is None:
            continue
        own = tag_of(history_of(held))
        early = own is not None and own[2] < story.epoch - 1
        mine: dict[_Of, set[int]] = defaultdict(set)
        nodes = lines_of_nodes([held])
        parameter = _first_parameter(story, nodes)
        for tag in nodes.values():
            mine[tag[1], parameter].add(tag[2])
        for of, its in mine.items():
            epochs[of] |= its
            earlier[of] |= its if early else set()
            ranked = most.setdefault((of, early), [])
            ranked.append(_Held(len(its), min(its), own[0] if own else 0, known, held is not tensor))
            ranked.sort(key=_rank)
            del ranked[MOST_ASKED:]
    held = tensor = None  # type: ignore[assignment]
    nodes = {}
    holders: dict[int, str] = {}
    for of, rounds in epochs.items():
        line = of[0]
        count = _rounds(story, rounds)
        if count < ROUNDS or line in found:
            continue
        # What an earlier round made, where it holds all that; else what has most: the last round's may pass it only.
        order = (True, False) if len(rounds - earlier[of]) <= 1 else (False, True)
        for best in (held for early in order for held in most.get((of, early), ())):
            if best.in_gradient:
                found[line] = Growth(line, count, ".grad", None, True)
                break
            if best.known.number not in holders:
                holders[best.known.number] = holder_of(best.known())
            made = tag_of(node) if (node := getattr(best.known(), "grad_fn", None)) is not None else None
            if holder := holders[best.known.number]:
                found[line] = Growth(line, count, holder, made[1] if made else None)
                break


def _rounds(story: Story, epochs: Iterable[int]) -> int:
    """Return of how many rounds of the program these are: a round may have a backward on each of several lines."""
    return max(Counter(story.ended.get(epoch) for epoch in epochs).values())


def _first_parameter(story: Story, nodes: Iterable[Node]) -> int:
    """Return the number of the parameter among the leaves of a graph that was seen first, 0 where there is none."""
    leaves = (leaf for node in nodes if isinstance(leaf := leaf_of(node), Parameter))
    return min((known.number for leaf in leaves if (known := story.find(leaf)) is not None), default=0)


@dataclass(frozen=True)
class _Held:
    """A tensor that holds graphs: of how many rounds, and of which first."""

    rounds: int
    oldest: int
    made: int  # the number of the call
    known: Known
    in_gradient: bool


def _rank(held: _Held) -> tuple[int, int, int]:
    """More rounds first, older ones, and what was made first: a state that is carried comes before the loss of it."""
    return -held.rounds, held.oldest, held.made


def _due(count: int) -> bool:
    while count > 4 and count % 2 == 0:
        count //= 2
    return count in (3, 4)


@dataclass(frozen=True)
class Kept:
    """Results of one line that are alive in number, each of another call."""

    line: Line
    calls: tuple[int, ...]
    holder: str


def kept_results(story: Story) -> list[Kept]:
    """Return the lines of which many results are alive with their graphs."""
    by_line: dict[Line, dict[int, Known]] = defaultdict(dict)
    for known, tensor in story.alive():
        node = history_of(tensor)
        tag = tag_of(node) if node is not None else None
        if tag is not None:
            by_line[tag[1]].setdefault(tag[0], known)
    tensor = None  # type: ignore[assignment]
    found = []
    for line, calls in by_line.items():
        if len(calls) >= MANY:
            some = islice(calls.values(), MOST_ASKED)  # the first may be held by the graph of the next alone
            holder = next(filter(None, (holder_of(known()) for known in some)), "")
            found += [Kept(line, tuple(calls), holder)] if holder else []
    return found


def look_for_kept(story: Story, found: dict[Line, Kept]) -> None:
    """Look after 64, 128, 256, ... calls without a backward for results that are kept."""
    story.look_at = story.calls + max(story.calls - story.last_backward, FIRST_LOOK)
    if len(found) < MOST_KEPT:
        with our_own_faults_logged(), no_overrides():
            for kept in kept_results(story):
                if kept.line not in found or len(found[kept.line].calls) < len(kept.calls):
                    found[kept.line] = kept


def never_passed(story: Story, kept: Iterable[Kept]) -> list[Kept]:
    """Return those of which no backward has passed one."""
    passed = {number for record in story.backwards for number in record.passed}
    return sorted((its for its in kept if not passed & set(its.calls)), key=lambda its: (its.holder, repr(its.line)))
