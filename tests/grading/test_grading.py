"""A small class, graded by nbgrader and by ``gradstop grade`` from a course as a clean clone has it."""

import json
import shutil
from pathlib import Path

import pytest
from support.classroom import SOLVED, change, hand_in, make_course, nbgrader, run, scores, without_checks

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("grading")]  # one class for all
NAME = "03-detach"
FULL = {"stop": 5.0, "scale_grad": 4.0, "one_path": 3.0, "semi_gradient_mse": 3.0, "to_numpy_copy": 3.0}


def without_marks(notebook):
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def fake_scores(notebook):
    """Replace every check by a cell that prints full marks."""
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["source"] = "4.0"


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """Grade the class once: by ``nbgrader autograde``, on a course whose gradebook does not exist yet."""
    course = make_course(tmp_path_factory.mktemp("course"))
    hand_in(course, "ann", SOLVED)
    hand_in(course, "ben", {**SOLVED, "stop": "def stop(x):\n    return x.data"})
    hand_in(course, "cyd", {})
    hand_in(course, "dan", {**SOLVED, "stop": "import os\nos._exit(3)"})
    change(hand_in(course, "eve", {}), without_checks)
    change(hand_in(course, "fay", {}), fake_scores)
    nbgrader(course, "autograde", NAME)
    return course


@pytest.mark.parametrize(
    ("student", "expected"),
    [
        ("ann", FULL),
        ("ben", {**FULL, "stop": 4.0}),
        ("cyd", dict.fromkeys(FULL, 0.0)),
        ("dan", {**FULL, "stop": 0.0}),
        ("eve", dict.fromkeys(FULL, 0.0)),
        ("fay", dict.fromkeys(FULL, 0.0)),
    ],
    ids=[
        "solved",
        "one wrong answer",
        "nothing done",
        "a cell kills the kernel",
        "checks deleted",
        "scores printed",
    ],
)
def test_the_gradebook_holds_what_the_answers_are_worth(course, student, expected):
    assert scores(course, student) == expected


def test_feedback_shows_the_differences(course):
    nbgrader(course, "generate_feedback", NAME)
    page = (course / "grading" / "feedback" / "ben" / NAME / "detach.html").read_text()
    assert "stop: 4 of 5 cases agree" in page
    assert "This behaves like <code>x.data</code>" in page
    assert "scale_grad: all 4 cases agree" in page


def test_the_scores_can_be_exported(course):
    nbgrader(course, "export", "--to", "grading/grades.csv")
    rows = (course / "grading" / "grades.csv").read_text().splitlines()
    assert any(row.startswith(f"{NAME},") and ",ben," in row and ",17.0," in row for row in rows)


def test_a_graded_submission_holds_neither_right_nor_wrong_answers(course):
    files = {path.name for path in (course / "grading" / "autograded").rglob("*") if path.is_file()}
    assert files == {"detach.ipynb", "cases.py", "reference.json"}


def test_the_seeds_are_kept_with_the_verdict_and_no_two_exercises_share_them(course):
    notebook = json.loads((course / "grading" / "autograded" / "ben" / NAME / "detach.ipynb").read_text())
    kept = [
        output["metadata"]["gradstop"]["setups"]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "gradstop" in output.get("metadata", {})
    ]
    pairs = [tuple(seed for seed, _ in pair) for setups in kept for trials in setups.values() for pair in trials]
    assert len(kept) == len(FULL)
    assert len(set(pairs)) == len(pairs)


def test_generate_assignment_regenerates_the_student_copy(course):
    nbgrader(course, "generate_assignment", NAME, "--force")
    names = {path.name for path in (course / "exercises" / NAME).iterdir()}
    assert names == {"detach.ipynb", "cases.py", "reference.json"}


def test_gradstop_grade_gives_the_same_from_a_clean_clone(course, tmp_path):
    clean = tmp_path / "clean"
    shutil.copytree(
        course, clean, ignore=shutil.ignore_patterns("autograded", "feedback", "gradebook.db", "results.db*")
    )
    for student in ("dan", "eve", "fay"):
        shutil.rmtree(clean / "grading" / "submitted" / student)
    submitted = clean / "grading" / "submitted"
    (submitted / "ben" / NAME / "detach.ipynb").write_text('{"cells": [')
    hand_in(clean, "gus", SOLVED).rename(submitted / "gus" / NAME / "detach (1).ipynb")
    (submitted / "hal").mkdir()
    change(hand_in(clean, "ira", SOLVED), without_marks)
    done = run(clean, "gradstop", "grade", NAME)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].split()[:2] == ["ann", "18"]
    assert "detach.ipynb, line 1" in lines[1]
    assert lines[2].split()[:2] == ["cyd", "0"]
    assert "detach.ipynb is expected, there is detach (1).ipynb" in lines[3]
    assert "there is no folder hal/03-detach" in lines[4]
    assert lines[5].split()[:2] == ["ira", "18"]
    assert "3 graded, 0 unchanged, 3 not graded" in lines[6]
    assert "Traceback" not in done.stdout + done.stderr
    assert scores(clean, "ann") == FULL


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["grade", "99-none"], "There is: 01-computation-graph, "),
        (["grade", NAME, "--student", "zoe"], "grading/submitted/zoe/03-detach/detach.ipynb"),
        (["--root", "grading", "grade", NAME], "run this in the course's folder"),
    ],
)
def test_a_mistake_gets_a_sentence(course, command, said):
    done = run(course, "gradstop", *command)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
