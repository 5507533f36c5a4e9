"""Picks the turns in which an exercise is observed: seeds under which its cases take every choice they have."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from gradstop.compare import Turn
from gradstop.observe import Case, observe_with_choices

CANDIDATES = 40  # seeds that are tried to cover every choice of a case
FEWEST = 2  # turns of one case, however few its choices
MOST = 8  # turns that are spent on pairs of options


def covering_turns(case: Case, solution: Callable[..., Any], seed: Callable[[], int]) -> tuple[Turn, ...]:
    """Return turns that together take every option of every choice that the case draws, and most pairs of options.

    They are picked greedily from ``CANDIDATES`` runs. Raises ValueError if the solution itself cannot finish the case.
    """
    tried = [_try(case, solution, (seed(), seed())) for _ in range(CANDIDATES)]
    options = frozenset[Any]().union(*(candidate.options for candidate in tried))
    pairs = frozenset[Any]().union(*(candidate.pairs for candidate in tried))
    picked: list[Turn] = []
    while options or len(picked) < FEWEST or (pairs and len(picked) < MOST):
        best = max(tried, key=lambda candidate: (len(candidate.options & options), len(candidate.pairs & pairs)))
        tried.remove(best)
        picked.append(best.turn)
        options, pairs = options - best.options, pairs - best.pairs
    return tuple(picked)


@dataclass(frozen=True, eq=False)
class _Candidate:
    turn: Turn
    options: frozenset[Any]
    pairs: frozenset[Any]


def _try(case: Case, solution: Callable[..., Any], seeds: tuple[int, int]) -> _Candidate:
    record, choices = observe_with_choices(case, solution, seeds)
    if record.stopped is not None:
        raise ValueError(f"{case.exercise}, case {case.name!r}: the solution itself stops: {record.stopped}")
    return _Candidate(Turn(seeds, record), choices, frozenset(map(frozenset, combinations(choices, 2))))
