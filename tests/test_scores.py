"""For each assignment: one score, whoever is asked: ``check``, ``gradstop grade`` or ``nbgrader autograde``."""

import pytest
from classroom import hand_in, make_course, nbgrader, run, scores
from conftest import BENCHES
from test_mutants import TooLong, limited

from gradstop.authoring.mutants import mutants

pytestmark = pytest.mark.slow


def solved_and_spoilt(bench):
    """Return answers to an assignment, every second one a spoilt solution, and what a check makes of each."""
    answers, points = {}, {}
    bench.references(0)  # made once, and not in a mutant's time
    for number, exercise in enumerate(bench.solutions):
        cell = bench.cells[exercise]
        worth = bench.cells[f"check-{exercise}"].points
        candidates = [mutant.source for mutant in mutants(cell.source)] if number % 2 else [cell.source]
        answers[exercise], share = next(found for found in map(bench_share(bench, exercise), candidates) if found)
        points[exercise] = worth * share
    return answers, points


def bench_share(bench, exercise):
    """Return a function from a source to itself with the share of the cases that agree, None for an awkward one."""

    def share(source):
        namespace = {"__name__": "answer"}
        exec(bench.cells["setup"].source, namespace)
        exec(source, namespace)
        try:
            with limited(5):
                cases = bench.verdict(exercise, namespace[exercise], 0).cases
        except TooLong:
            return None
        agreeing = sum(case.agrees for case in cases)
        spoilt = source != bench.cells[exercise].source
        return (source, agreeing / len(cases)) if agreeing < len(cases) or not spoilt else None

    return share


@pytest.mark.parametrize("bench", BENCHES, ids=lambda bench: bench.assignment.name)
def test_all_three_give_the_same_scores(bench, tmp_path):
    name = bench.assignment.name
    answers, points = solved_and_spoilt(bench)
    assert any(points[exercise] < bench.cells[f"check-{exercise}"].points for exercise in points)
    course = make_course(tmp_path, name)
    hand_in(course, "ann", answers, name)
    done = run(course, "gradstop", "grade", name)
    assert done.returncode == 0, done.stdout + done.stderr
    by_gradstop = scores(course, "ann", name)
    nbgrader(course, "autograde", name, "--force")
    assert by_gradstop == scores(course, "ann", name) == points
