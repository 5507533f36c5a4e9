"""For each assignment: one score, whoever is asked: ``check``, ``gradstop grade`` or ``nbgrader autograde``."""

import json

import pytest
from support.classroom import hand_in, make_course, run
from support.course import BENCHES
from support.limited import TooLong, limited
from support.mutants import mutants

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("scores")]  # graded once for all


def solved_and_spoilt(bench):
    """Return answers to an assignment, every second one a spoilt solution, and what a check makes of each."""
    answers, points = {}, {}
    assert bench.recorded  # read once, and not in a mutant's time
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
                cases = bench.verdict(exercise, namespace[exercise]).cases
        except TooLong:
            return None
        agreeing = sum(case.agrees for case in cases)
        spoilt = source != bench.cells[exercise].source
        return (source, agreeing / len(cases)) if agreeing < len(cases) or not spoilt else None

    return share


# Grades every assignment of a course by both ways, in one process: to start one for each would take ten times as long.
BOTH_WAYS = """
import json
from contextlib import ExitStack
from pathlib import Path
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from gradstop.course import assignments
from gradstop.grading.judging import bundle
from gradstop.grading.batch import grade
from gradstop.grading.nbgrader_bridge.course import open_course
from gradstop.grading.executors import executor_for
from gradstop.grading.process.shared import share_warm_process
from gradstop.grading.rules import Rules

root = Path.cwd()
course = open_course(root)
executors = {}

def scores(name):
    with Gradebook(course.directories.db_url) as gradebook:
        found = gradebook.find_submission(name, "ann")
        return {g.name[6:]: g.score for n in found.notebooks for g in n.grades}

bundle.POOL = 1  # one key for both ways
with ExitStack() as stack:
    for assignment in assignments(root):
        rules = Rules.of_course(root, assignment, timeout=30, memory=1024, sandboxed=True)
        if rules not in executors:
            executors[rules] = stack.enter_context(executor_for(2, "", rules))
            share_warm_process(executors[rules].warm_process)
        executor = executors[rules]
        problems = [r.outcome.problem for r in grade(course, assignment, ["ann"], rules, executor)]
        assert problems == [""], problems
        ours = scores(assignment.name)
        config = Config(course.config)
        config.CourseDirectory.assignment_id = assignment.name
        config.Autograde.force = True
        Autograde(coursedir=CourseDirectory(config=config), config=config).start()
        print("scores", json.dumps([assignment.name, ours, scores(assignment.name)]), flush=True)
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Return for each assignment what its answers are worth, and the scores by both ways."""
    course = make_course(tmp_path_factory.mktemp("scores"))
    worth = {}
    for bench in BENCHES:
        answers, worth[bench.assignment.name] = solved_and_spoilt(bench)
        hand_in(course, "ann", answers, bench.assignment.name)
    done = run(course, "python", "-W", "ignore", "-c", BOTH_WAYS)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    lines = [line.partition(" ")[2] for line in done.stdout.splitlines() if line.startswith("scores ")]
    return {name: (worth[name], ours, nbgraders) for name, ours, nbgraders in map(json.loads, lines)}


@pytest.mark.parametrize("bench", BENCHES, ids=lambda bench: bench.assignment.name)
def test_all_three_give_the_same_scores(graded, bench):
    points, ours, nbgraders = graded[bench.assignment.name]
    assert any(points[exercise] < bench.cells[f"check-{exercise}"].points for exercise in points)
    assert ours == nbgraders == points
