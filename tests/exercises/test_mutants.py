"""Mechanical changes of every solution: each is caught, or is written down as right, with the reason.

``tests/mutants/NN-topic.json`` holds the survivors: for each exercise, what was changed and why the changed
solution still does all that is asked. A new survivor fails here until it is read: a hole in the cases is mended, a
right answer is written down.
"""

import json

import pytest
from support.course import ASSIGNMENTS, ROOT, exercises
from support.limited import TooLong, limited
from support.mutants import mutant_function, mutants

pytestmark = pytest.mark.slow
FEWEST = 10


def table(assignment):
    path = ROOT / "tests" / "mutants" / f"{assignment.name}.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def survives(bench, exercise, source):
    function = mutant_function(bench, exercise, source)
    assert bench.recorded  # read once, and not in a mutant's time
    try:
        with limited(5):  # the first optimizer of a process takes two
            return all(bench.case_agrees(case, function) for case in bench.cases[exercise])
    except TooLong:
        return False


@pytest.mark.parametrize(("bench", "exercise"), exercises())
def test_every_mutant_is_caught_or_known_to_be_right(bench, exercise):
    made = mutants(bench.cells[exercise].source, bench.domains[exercise].in_arguments)
    assert len(made) >= FEWEST
    survivors = {f"{m.change}: {m.line}" for m in made if survives(bench, exercise, m.source)}
    assert survivors == set(table(bench.assignment).get(exercise, {}))


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda a: a.name)
def test_every_survivor_has_its_reason(assignment):
    assert all(len(reason) > 20 for known in table(assignment).values() for reason in known.values())
