"""Picks the trials in which an exercise is observed: which structures a case meets is fixed, only numbers are drawn.

The structures together take every option of every choice, and every pair of options that can stand together. A
generator of covering arrays (allpairspy) wants all choices beforehand; which choices a case has depends here on the
options that it has taken, so the search runs the case, row by row, and learns them.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations, product
from typing import Any

from gradstop.compare import Trial
from gradstop.observe import Case, Path, Step, explore, observe_each
from gradstop.record import Setup, Setups

FEWEST = 2  # trials of one case, however few its choices
ATTEMPTS = 2  # at a pair of options; after that the two cannot stand together

_Option = tuple[Step, int]
_Pair = frozenset[_Option]  # or one option alone, where a choice stands with no other
Structure = tuple[tuple[int, ...], tuple[int, ...]]  # the options of each phase
_found: dict[Case, tuple[Structure, ...]] = {}


def covering_trials(case: Case, solution: Callable[..., Any], seed: Callable[[], int]) -> tuple[Trial, ...]:
    """Return a trial for each structure of the case, with numbers from ``seed``, which is called for each phase.

    Raises:
        ValueError: if the solution itself cannot finish the case.

    """
    setups = [(Setup(seed(), first), Setup(seed(), second)) for first, second in structures(case, solution)]
    return trials_of(case, solution, setups)


def trials_of(case: Case, solution: Callable[..., Any], setups: Sequence[Setups]) -> tuple[Trial, ...]:
    """Return a trial for each of these setups of a case, with what is observed of the solution."""
    return tuple(map(Trial, setups, observe_each(case, solution, setups)))


def structures(case: Case, solution: Callable[..., Any]) -> tuple[Structure, ...]:
    """Return the structures of a case, the plainest first: the same for everybody, whatever the seed.

    They are searched once in a process.

    Raises:
        ValueError: if the solution itself cannot finish the case.

    """
    if case not in _found:
        found = [path.options() for path in covering_paths(case, solution)]
        _found[case] = tuple(found + found[:1] * (FEWEST - len(found)))
    return _found[case]


def covering_paths(case: Case, solution: Callable[..., Any]) -> list[Path]:
    """Return paths through a case that together take every pair of options that can stand together.

    Raises:
        ValueError: if the solution itself cannot finish the case.

    """
    rows = _Rows()
    while True:
        path = explore(case, solution, rows.choose)
        if path.stopped is not None:
            raise ValueError(f"{case.exercise}, case {case.name!r}: the solution itself stops: {path.stopped}")
        rows.add(path)
        if not rows.aim():
            return rows.paths


class _Rows:
    """A covering array that grows: the rows so far, what they cover, and what the next one aims at.

    The next row aims at a pair of the two choices that have most open pairs: no row covers more than one of theirs. It
    first aims at its pair alone and takes what covers most beside it. Where the two have not stood together then,
    one of their choices hangs on a third: the next row goes the way on which the two choices were met.
    """

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self._met: dict[frozenset[Step], dict[Step, int]] = {}  # a row in which these choices stood together
        self._covered: set[_Pair] = set()
        self._open: dict[_Pair, int] = {}  # what is not covered, in the order found, and how often a row aimed at it
        self._aim: dict[Step, int] = {}
        self._row: dict[Step, int] = {}

    def choose(self, step: Step, count: int) -> int:
        """Pick an option for the row that is being made: what it aims at, or what covers most."""
        option = self._aim.get(step)
        if option is None:  # in the first row nothing is worth more than the plainest
            option = max(range(count), key=lambda o: (self._worth((step, o)), -o))
        self._row[step] = option
        return option

    def _worth(self, option: _Option) -> tuple[int, int]:
        """Return how many open pairs an option completes with this row and its aim, and how many it is part of."""
        beside = {**self._aim, **self._row}
        now = sum(frozenset((option, other)) in self._open for other in beside.items())
        return now, sum(option in pair for pair in self._open)

    def add(self, path: Path) -> None:
        """Take in a row that has been run; it is kept if it covers anything new."""
        row, self._row = self._row, {}
        covers = {frozenset(pair) for pair in (*combinations(row.items(), 2), *zip(row.items()))}
        if covers - self._covered or not self.paths:
            self.paths.append(path)
        counts = {step: count for step, _, count in path.steps}
        for steps in (*combinations(counts, 2), *zip(counts)):
            if frozenset(steps) not in self._met:
                self._met[frozenset(steps)] = row
                # In the order of the path: that of a set is another in each process.
                options = product(*([(step, option) for option in range(counts[step])] for step in steps))
                self._open.update((frozenset(pair), 0) for pair in options)
        self._covered |= covers
        for pair in covers:
            self._open.pop(pair, None)

    def aim(self) -> bool:
        """Choose what the next row has to cover; False where nothing is left."""
        self._open = {pair: tried for pair, tried in self._open.items() if tried < ATTEMPTS}
        if not self._open:
            return False
        left = Counter(map(_steps, self._open))
        pair = max(self._open, key=lambda one: (-self._open[one], left[_steps(one)]))
        way = self._met[_steps(pair)] if self._open[pair] else {}
        self._open[pair] += 1
        self._aim = {**way, **dict(pair)}
        return True


def _steps(pair: _Pair) -> frozenset[Step]:
    return frozenset(step for step, _ in pair)
