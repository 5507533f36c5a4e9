"""The course under test: each assignment with its solutions, cases and known answers, as pytest parameters too."""

from functools import cache
from pathlib import Path

import pytest

from gradstop.authoring.bench import Bench
from gradstop.compare import Trial
from gradstop.course import assignments
from gradstop.grading.answer_key.references import reference_of

ROOT = Path(__file__).resolve().parents[2]
BENCHES = [Bench(assignment) for assignment in assignments(ROOT)]
ASSIGNMENTS = [bench.assignment for bench in BENCHES]


def bench_of(name: str) -> Bench:
    """Return the bench of the assignment of this name."""
    return next(bench for bench in BENCHES if bench.assignment.name == name)


def together(bench):
    """Return the mark that gives one worker all of an assignment, so that its references are made once."""
    return pytest.mark.xdist_group(bench.assignment.name)


def references_of(bench, seed):
    """Return the references of all exercises of an assignment under a seed."""
    return {name: bench.reference(name, seed) for name in bench.solutions}


@cache
def observed_anew(bench, exercise):
    """Return the reference in the recorded trials, observed here, each known answer once for all tests."""
    cases, solution, recorded = bench.cases[exercise], bench.solutions[exercise], bench.recorded[exercise].trials
    records = bench.observed(exercise, solution)
    trials = {
        name: tuple(Trial(trial.setups, record) for trial, record in zip(ran, records[name], strict=True))
        for name, ran in recorded.items()
    }
    return reference_of(cases, solution, trials, [(one, bench.known_observed(one)) for one in bench.wrong[exercise]])


def exercises(mark=lambda bench: ()):
    """Return (bench, exercise) for each exercise of the course, as pytest parameters; `mark` says which marks."""
    return [
        pytest.param(bench, name, id=f"{bench.assignment.name}/{name}", marks=mark(bench))
        for bench in BENCHES
        for name in bench.solutions
    ]
