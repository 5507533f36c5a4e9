"""What several test files use: the course as it lies in the repository, and references under given seeds."""

import random
from functools import lru_cache
from pathlib import Path

import pytest

from gradstop.compare import Reference, Verdict, judge
from gradstop.course import Assignment, assignments, load_solutions, read_answers
from gradstop.grading.references import assignment_references
from gradstop.observe import observe, read_cases

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENTS = assignments(ROOT)


@lru_cache
def cases_of(assignment: Assignment):
    return read_cases(assignment.read_cases())


@lru_cache
def solutions_of(assignment: Assignment):
    return load_solutions(assignment.notebook)


@lru_cache
def answers_of(assignment: Assignment, which: str):
    return read_answers(assignment.folder / f"{which}_answers.py")


@lru_cache
def references_of(assignment: Assignment, seed: int) -> dict[str, Reference]:
    seeds = random.Random(seed)
    return assignment_references(assignment, lambda: seeds.getrandbits(53))


def verdict_on(assignment: Assignment, reference: Reference, function) -> Verdict:
    """Observe a function in every turn of a reference, as a check and the judge do."""
    cases = cases_of(assignment)[reference.exercise]
    return judge(reference, {c.name: [observe(c, function, t.seeds) for t in reference.turns[c.name]] for c in cases})


def exercises():
    """Return (assignment, exercise) for each exercise of the course, as pytest parameters."""
    return [pytest.param(a, name, id=f"{a.name}/{name}") for a in ASSIGNMENTS for name in solutions_of(a)]


def answers(which: str):
    """Return (assignment, answer) for each known answer of a kind, as pytest parameters."""
    return [
        pytest.param(a, answer, id=f"{a.name}/{answer.exercise}/{answer.name}")
        for a in ASSIGNMENTS
        for known in answers_of(a, which).values()
        for answer in known
    ]


@pytest.fixture
def root() -> Path:
    return ROOT
