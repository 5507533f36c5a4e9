"""Each stage of grading fails in turn for one of three: it costs that one only, is named, and is done again next time.

What runs cells is replaced: this is about what stands round it.
"""

import json
import shutil
from types import SimpleNamespace

import pytest
from support.classroom import SOLVED, all_scores, hand_in, make_course

from gradstop.course import find_assignment
from gradstop.grading import assess, batch
from gradstop.grading.intake.template import Template
from gradstop.grading.judging.bundle import make_bundle
from gradstop.grading.nbgrader_bridge.course import Course, open_course
from gradstop.grading.nbgrader_bridge.gradebook_writer import GradebookWriter
from gradstop.grading.process.submission_process import SubmissionLostError
from gradstop.grading.result_store import ResultStore
from gradstop.grading.rules import Rules

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stages")]
NAME, CLASS, BROKEN = "03-detach", ["ann", "ben", "cyd"], "ben"
MARK = "# ben wrote this"


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("stages") / "course", NAME, ["one_path"])
    for student in CLASS:
        said = f"\n{MARK}" if student == BROKEN else ""
        hand_in(course, student, {"one_path": SOLVED["one_path"] + said})
    return course


class Here:
    """Runs all units in this process."""

    warm_process = None

    def run(self, work, shared, units):
        for student, unit in units:
            yield student, work(shared, unit) if student else b""


def nothing_run(*_):
    return SimpleNamespace(outputs={}, changed=[], left_out=list), {}


def grade(root):
    """Grade and return what is said of each student last."""
    course, assignment = open_course(root), find_assignment(root, NAME)
    results = batch.grade(course, assignment, CLASS, Rules(sandboxed=False), Here())
    return {result.outcome.student: result.outcome.problem for result in results}


def fail_for_broken(monkeypatch, owner, name, error):
    """Have a function or method raise an error where one of its arguments speaks of the one submission."""
    original = getattr(owner, name)

    def failing(*args, **kwargs):
        if any(
            argument == BROKEN or getattr(argument, "student", "") == BROKEN or MARK in str(argument)
            for argument in args
        ):
            raise error
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, failing)


STAGES = {
    "reading": (Course, "read", ValueError("x"), "reading it failed: ValueError"),
    "cells": (assess, "read_cells", RecursionError(), "the judge failed on it"),
    "template": (Template, "restore", KeyError("x"), "the judge failed on it"),
    "process": (assess, "run_and_judge", SubmissionLostError("gone"), "the judge failed on it"),
    "judge": (assess, "run_and_judge", ZeroDivisionError(), "the judge failed on it"),
    "results": (ResultStore, "keep", OverflowError("x"), "its outcome could not be kept: OverflowError"),
    "gradebook": (GradebookWriter, "_enter", KeyError("x"), "not entered in the gradebook: KeyError"),
    "a step of nbgrader's": (GradebookWriter, "_write", TypeError("x"), "not entered in the gradebook: TypeError"),
}


@pytest.fixture
def course(handed_in, tmp_path, monkeypatch):
    monkeypatch.setattr(assess, "run_and_judge", nothing_run)
    monkeypatch.setattr(assess, "warm_process_for", lambda rules: None)
    monkeypatch.setattr(batch, "secret_bundle", lambda assignment, root, _: make_bundle(assignment, {}, root))
    monkeypatch.setattr(batch, "solution_unit", lambda *_: ("", b""))  # nothing is run, so it would earn nothing
    monkeypatch.setattr(batch, "once_the_solution_earns_all", lambda results, _: (one for one in results if one[0]))
    return shutil.copytree(handed_in, tmp_path / "course")


def require_only_broken(course, said):
    results = grade(course)
    assert said in results[BROKEN]
    assert {name: problem for name, problem in results.items() if name != BROKEN} == {"ann": "", "cyd": ""}
    assert {"ann", "cyd"} <= set(all_scores(course))
    for student in ("ann", "cyd"):
        assert (course / "grading/autograded" / student / NAME / "detach.ipynb").is_file()


def require_all(course):
    assert grade(course) == dict.fromkeys(CLASS, "")
    assert set(all_scores(course)) == set(CLASS)
    assert json.loads((course / "grading/autograded" / BROKEN / NAME / "detach.ipynb").read_text())["cells"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_fails_costs_one_submission_and_is_done_again(course, monkeypatch, stage):
    owner, name, error, said = STAGES[stage]
    with monkeypatch.context() as broken:
        fail_for_broken(broken, owner, name, error)
        require_only_broken(course, said)
    require_all(course)


def test_a_timestamp_that_is_none_costs_one_submission(course):
    stamp = course / "grading/submitted" / BROKEN / NAME / "timestamp.txt"
    stamp.write_text("yesterday")
    require_only_broken(course, "timestamp.txt holds no date")
    stamp.unlink()
    require_all(course)


def test_a_notebook_that_cannot_be_written_costs_one_submission(course):
    (course / "grading/autograded").mkdir()
    (course / "grading/autograded" / BROKEN).write_text("a file in the place of a folder")
    require_only_broken(course, f"{BROKEN}/{NAME}/detach.ipynb cannot be written: ")
    (course / "grading/autograded" / BROKEN).unlink()
    require_all(course)
