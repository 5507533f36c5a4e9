"""Of several attempts the best counts, where that was asked for: each is graded once, and a trace says which it is.

What runs cells is replaced: an attempt is worth what it says.
"""

import json
import re
import shutil
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

import msgspec
import pytest
from support.classroom import all_scores, make_course, run, scores
from support.platform_exports import CLASS, make_zip, moodle, moodle_participants, notebook

from gradstop.cli import main
from gradstop.course import find_assignment
from gradstop.grading import assess, batch
from gradstop.grading.collecting import placing
from gradstop.grading.graded_submission import GradedSubmission
from gradstop.grading.intake.timestamp import read_timestamp
from gradstop.grading.judging.bundle import make_bundle
from gradstop.grading.nbgrader_bridge.course import open_course
from gradstop.grading.nbgrader_bridge.gradebook_writer import GradebookWriter
from gradstop.grading.nbgrader_bridge.register import register
from gradstop.grading.planning import solution_first
from gradstop.grading.rules import Rules

NAME = "03-detach"
ANN, ZOE = CLASS[:2]
DUE = ["db", "assignment", "add", NAME, "--duedate", "2027-03-02 23:59 UTC"]
A_POINT_A_DAY = """
from nbgrader.plugins import LateSubmissionPlugin
class PointADay(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return -(-total_seconds_late // 86_400)
c.AssignLatePenalties.plugin_class = PointADay
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("best") / "course", NAME, ["one_path"])
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(A_POINT_A_DAY)
    (course / "class.csv").write_text(moodle_participants(CLASS[:3]))
    assert main(["--root", str(course), "class", str(course / "class.csv")]) == 0
    assert run(course, "nbgrader", *DUE).returncode == 0
    register(open_course(course).config, NAME)
    return course


def worth_what_it_says(bundle: bytes, unit: bytes) -> bytes:
    outcome = msgspec.json.decode(assess.grade_unit(bundle, unit), type=GradedSubmission)
    if outcome.problem:
        return msgspec.json.encode(outcome)
    (earned,) = outcome.scores
    worth = float(re.search(r"# worth (\d)", outcome.notebook)[1])
    graded = json.loads(outcome.notebook)
    for cell in graded["cells"]:
        for output in cell.get("outputs", []):
            output["data"]["text/plain"] = repr(worth)
    return msgspec.json.encode(
        replace(outcome, notebook=json.dumps(graded), scores=[replace(earned, score=worth, passed=int(worth), cases=3)])
    )


class Here:
    """Runs all units but the solution in this process, and counts them."""

    warm_process = None

    def __init__(self):
        self.units = []

    def run(self, work, shared, units):
        for name, unit in units:
            if name != solution_first.SOLUTION:
                self.units.append(name)
                yield name, work(shared, unit)


@pytest.fixture
def course(made, tmp_path, monkeypatch):
    empty = SimpleNamespace(outputs={}, changed=[], left_out=list)
    monkeypatch.setattr(assess, "run_and_judge", lambda *_: (empty, {}))
    monkeypatch.setattr(assess, "warm_process_for", lambda rules: None)
    monkeypatch.setattr(batch, "secret_bundle", lambda assignment, root, _: make_bundle(assignment, {}, root))
    monkeypatch.setattr(batch, "grade_unit", worth_what_it_says)
    monkeypatch.setattr(batch, "once_the_solution_earns_all", lambda results, _: results)
    return shutil.copytree(made, tmp_path / "course")


def collect(course, day, works, *options):
    """Collect the work of some students, as a platform let it be downloaded on a day of March."""
    files = [(moodle(who), made if isinstance(made, bytes) else worth(made)) for who, made in works.items()]
    path = make_zip(course / f"{day}.zip", files, (2027, 3, day, 12, 0, 0))
    assert main(["--root", str(course), "collect", str(path), NAME, "--zone", "UTC", *options]) == 0


def worth(points: int) -> bytes:
    return notebook({"one_path": f"def one_path(x, w): ...  # worth {points}"})


def grade(root, **options):
    """Grade; return the results by student, and the names of the units that were run."""
    known, here = open_course(root), Here()
    found = batch.grade(known, find_assignment(root, NAME), known.handed_in(), Rules(sandboxed=False), here, **options)
    return {result.outcome.student: result for result in found}, here.units


def counting(course, who=ANN) -> int:
    folder = course / "grading" / "submitted" / who.id / NAME
    return int(re.search(r"# worth (\d)", (folder / "detach.ipynb").read_text())[1])


def attempts(course, who=ANN) -> int:
    return len([*(course / "grading/attempts" / NAME / who.id).glob("*/detach.ipynb")])


def test_the_best_counts_and_each_is_graded_once(course, capsys):
    collect(course, 1, {ANN: 2, ZOE: 1})
    assert grade(course)[1] == ["ann", "zoe"]
    collect(course, 2, {ANN: 1, ZOE: 3}, "--attempts", "best")
    assert "Of several attempts the best counts: gradstop grade grades each" in capsys.readouterr().out
    found, units = grade(course)
    assert sorted(units) == [f"ann/{NAME}", f"zoe/{NAME}"], "the first ones were graded before"
    assert (counting(course), counting(course, ZOE)) == (2, 3)
    assert attempts(course) == attempts(course, ZOE) == 1
    assert scores(course, "ann") == {"one_path": 2.0}
    assert scores(course, "zoe") == {"one_path": 3.0}
    said = "the best of 2 attempts: 2 (2027-03-01 12:00 UTC); 1 (2027-03-02 12:00 UTC)"
    assert found["ann"].outcome.attempts == said
    again, units = grade(course)
    assert units == []
    assert [again[name].graded for name in ("ann", "zoe")] == [False, False]
    assert again["ann"].outcome.attempts == said
    names = [f"ann/{NAME}", "ann/2027-03-02T120000Z", f"zoe/{NAME}", "zoe/2027-03-01T120000Z"]
    assert grade(course, force=True)[1] == names


def test_what_is_collected_later_is_compared_too(course):
    """The next collection need not say it again; ``--attempts last`` takes it back."""
    collect(course, 1, {ANN: 2}, "--attempts", "best")
    grade(course)
    collect(course, 2, {ANN: 1})
    grade(course)
    collect(course, 2, {ANN: 1})  # the same again
    assert (counting(course), attempts(course)) == (2, 1)
    collect(course, 3, {ANN: 3})
    found, units = grade(course)
    assert (units, counting(course), attempts(course)) == ([f"ann/{NAME}"], 3, 2)
    assert (found["ann"].before, found["ann"].changed) == (2.0, True)
    collect(course, 1, {ZOE: 1})
    collect(course, 2, {ZOE: 3})
    collect(course, 4, {ANN: 1})
    found, _ = grade(course)
    assert counting(course) == 3
    assert found["zoe"].outcome.attempts.startswith("the best of 2 attempts: 3")
    collect(course, 4, {ANN: 1}, "--attempts", "last")
    found, _ = grade(course)
    assert (counting(course), found["ann"].outcome.attempts) == (1, "")
    assert (counting(course, ZOE), found["zoe"].outcome.attempts) == (3, ""), "the best was the last"
    assert scores(course, "ann") == {"one_path": 1.0}


def test_of_one_hand_in_one_notebook_is_an_attempt(course):
    """Or a student could hand in ten answers at a time, and the best of them would count."""
    files = [(moodle(ANN, "detach.ipynb"), worth(3)), (moodle(ANN, "detach (1).ipynb"), worth(1))]
    make_zip(course / "1.zip", files, (2027, 3, 1, 12, 0, 0))
    assert main(["--root", str(course), "collect", str(course / "1.zip"), NAME, "--attempts", "best"]) == 0
    collect(course, 2, {ANN: 2})
    found, units = grade(course)
    assert (counting(course), attempts(course), len(units)) == (2, 2, 2)
    assert "the best of 2 attempts: 2 (" in found["ann"].outcome.attempts


def test_being_late_counts_in_what_is_the_best(course, capsys):
    collect(course, 1, {ANN: 2, ZOE: 1}, "--attempts", "best")
    collect(course, 4, {ANN: 3, ZOE: 3})  # two days late
    found, _ = grade(course)
    assert (counting(course), counting(course, ZOE)) == (2, 3), "1 = 3 - 2, and of equal ones none is moved"
    assert "3 less 2 (2027-03-04 12:00 UTC)" in found["ann"].outcome.attempts
    capsys.readouterr()
    assert main(["--root", str(course), "extend", "ann", NAME, "2027-03-05 23:59 UTC"]) == 0
    said = "Which of several attempts is the best may be another one now: gradstop grade 03-detach"
    assert said in capsys.readouterr().out
    grade(course)
    assert counting(course) == 3
    assert read_timestamp(course / "grading/submitted/ann" / NAME) == datetime(2027, 3, 4, 12)


def test_a_damaged_attempt_is_a_trace_and_costs_nothing(course):
    collect(course, 1, {ANN: 2, ZOE: b'{"cells": ['}, "--attempts", "best")
    collect(course, 2, {ANN: b'{"cells": [', ZOE: b'{"cells": [1'})
    found, _ = grade(course)
    assert found["ann"].outcome.attempts.endswith("not graded (2027-03-02 12:00 UTC)")
    assert counting(course) == 2
    assert found["zoe"].outcome.problem.startswith("none of 2 attempts could be graded: ")
    assert "zoe" not in all_scores(course)


def test_what_fails_in_choosing_costs_one_student(course, monkeypatch):
    collect(course, 1, {ANN: 2, ZOE: 1}, "--attempts", "best")
    collect(course, 2, {ANN: 3, ZOE: 2})
    real = GradebookWriter.late_cost
    monkeypatch.setattr(
        GradebookWriter, "late_cost", lambda self, who, *more: 1 / 0 if who == "ann" else real(self, who, *more)
    )
    found, _ = grade(course)
    assert "no attempt could be chosen: ZeroDivisionError" in found["ann"].outcome.problem
    assert found["zoe"].outcome.score == 2
    monkeypatch.setattr(GradebookWriter, "late_cost", real)
    found, units = grade(course)
    assert (units, found["ann"].outcome.score) == ([], 3)


def test_what_stops_an_exchange_half_way_loses_nothing(course, monkeypatch):
    collect(course, 1, {ANN: 2}, "--attempts", "best")
    collect(course, 2, {ANN: 1})
    with monkeypatch.context() as broken:
        broken.setattr(placing.Path, "rename", half_way(placing.Path.rename))
        with pytest.raises(KeyboardInterrupt):
            grade(course)
    assert not (course / "grading/submitted/ann" / NAME).exists()
    found, units = grade(course)
    assert (units, found["ann"].outcome.score, counting(course), attempts(course)) == ([], 2, 2, 1)


def half_way(rename):
    def renamed(path, to):
        if path.parent.name == "ann" and "attempts" in path.parts:
            raise KeyboardInterrupt
        return rename(path, to)

    return renamed


def test_grade_report_export_and_feedback_say_which_one_counts(course, capsys):
    collect(course, 1, {ANN: 2}, "--attempts", "best")
    collect(course, 2, {ANN: 1})
    grade(course)
    capsys.readouterr()
    said = "the best of 2 attempts: 2 (2027-03-01 12:00 UTC); 1 (2027-03-02 12:00 UTC)"
    for command in (["grade", NAME, "--no-sandbox"], ["export", "--to", "-"]):
        main(["--root", str(course), *command])
        assert said in capsys.readouterr().out, command
    assert main(["--root", str(course), "report", NAME]) == 0
    assert said in (course / "grading" / "reports" / f"{NAME}.html").read_text()
    assert main(["--root", str(course), "feedback", NAME, "--format", "moodle", "--to", str(course / "f.zip")]) == 0
    shutil.unpack_archive(course / "f.zip", course / "f")
    (page,) = (course / "f").glob("*/detach.html")
    assert said in page.read_text()
    assert "worth 2" in page.read_text()
