"""Tells what a case meets: the choices on one path through it, and the features of the exercise's domain."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradstop.observe.case import Case
from gradstop.observe.draw import Site
from gradstop.observe.isolate import isolated
from gradstop.observe.log import ObservationLog
from gradstop.observe.run import run_case
from gradstop.record import Record, Setup

Step = tuple[int, Site]  # a choice: the phase (0 or 1), and where in it


@dataclass(frozen=True)
class Path:
    """One path through a case.

    Attributes:
        steps: the choices in order, each with the option that was taken and how many there were.
        features: what of the domain was met.
        stopped: why the case could not be finished, or None.

    """

    steps: tuple[tuple[Step, int, int], ...]
    features: frozenset[str]
    stopped: str | None

    def options(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the options that were taken, for each phase."""
        first, second = (tuple(o for (phase, _), o, _ in self.steps if phase == wanted) for wanted in (0, 1))
        return first, second


def explore(
    case: Case, function: Callable[..., Any], choose: Callable[[Step, int], int], seeds: tuple[int, int] = (1, 2)
) -> Path:
    """Run a case, with ``choose`` picking the option of each choice from its number of options."""
    steps: list[tuple[Step, int, int]] = []
    phase, first = 0, Record(case.name)

    def pick(site: Site, count: int) -> int:
        step = (phase, site)
        steps.append((step, choose(step, count), count))
        return steps[-1][1]

    def challenge(record: Record) -> Setup:
        nonlocal phase, first
        phase, first = 1, record
        return Setup(seeds[1])

    log = ObservationLog(case.name, features=set())
    with isolated():
        second = run_case(case, function, Setup(seeds[0]), challenge, log=log, choose=pick)
    return Path(tuple(steps), frozenset(log.features or ()), first.stopped or second.stopped)
