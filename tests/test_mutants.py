"""Mechanical changes of every solution: each is caught, or is written down as right, with the reason.

``tests/mutants/NN-topic.json`` holds the survivors: for each exercise, what was changed and why the changed
solution still does all that is asked. A new survivor fails here until it is read: a hole in the cases is mended, a
right answer is written down.
"""

import json
import signal
from contextlib import contextmanager

import pytest
from conftest import ASSIGNMENTS, ROOT, exercises, references_of, verdict_on

from gradstop.authoring.mutants import mutants
from gradstop.course import graded_cells

pytestmark = pytest.mark.slow
FEWEST = 10


def table(assignment):
    path = ROOT / "tests" / "mutants" / f"{assignment.name}.json"
    return json.loads(path.read_text()) if path.is_file() else {}


@contextmanager
def limited(seconds):
    """Interrupt a mutant that loops."""

    def stop(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def survives(assignment, exercise, source):
    namespace = {"__name__": "mutant"}
    cells = {cell.grade_id: cell.source for cell in graded_cells(assignment.notebook)}
    exec(cells["setup"], namespace)
    exec(source, namespace)
    try:
        with limited(5):
            return verdict_on(assignment, references_of(assignment, 0)[exercise], namespace[exercise]).agrees
    except TimeoutError:
        return False


@pytest.mark.parametrize(("assignment", "exercise"), exercises())
def test_every_mutant_is_caught_or_known_to_be_right(assignment, exercise):
    source = next(cell.source for cell in graded_cells(assignment.notebook) if cell.grade_id == exercise)
    made = mutants(source)
    assert len(made) >= FEWEST
    survivors = {f"{m.change}: {m.line}" for m in made if survives(assignment, exercise, m.source)}
    assert survivors == set(table(assignment).get(exercise, {}))


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda a: a.name)
def test_every_survivor_has_its_reason(assignment):
    assert all(len(reason) > 20 for known in table(assignment).values() for reason in known.values())
