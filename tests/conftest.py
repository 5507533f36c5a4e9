"""What several test files use: the course as it lies in the repository, each assignment on its bench."""

from pathlib import Path

import pytest

from gradstop.authoring.bench import Bench
from gradstop.course import assignments

ROOT = Path(__file__).resolve().parent.parent
BENCHES = [Bench(assignment) for assignment in assignments(ROOT)]
ASSIGNMENTS = [bench.assignment for bench in BENCHES]


def bench_of(name: str) -> Bench:
    """Return the bench of the assignment of this name."""
    return next(bench for bench in BENCHES if bench.assignment.name == name)


def exercises():
    """Return (bench, exercise) for each exercise of the course, as pytest parameters."""
    return [pytest.param(b, name, id=f"{b.assignment.name}/{name}") for b in BENCHES for name in b.solutions]


def answers(which: str):
    """Return (bench, answer) for each known answer of a kind, as pytest parameters."""
    return [
        pytest.param(bench, answer, id=f"{bench.assignment.name}/{answer.exercise}/{answer.name}")
        for bench in BENCHES
        for known in getattr(bench, which).values()
        for answer in known
    ]
