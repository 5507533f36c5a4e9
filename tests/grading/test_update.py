"""An update of the course in mid-term: exercises come and go, points change, and what was graded by hand is kept."""

import subprocess
import sys

import pytest
from support.classroom import SOLVED, all_scores, change, hand_in, keep_only, make_course, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("update")]
NAME = "03-detach"
BEFORE = {"stop": 4.0, "one_path": 3.0}
AFTER = {**BEFORE, "stop": 5.0, "to_numpy_copy": 3.0}
BY_HAND = """
import sys
from nbgrader.api import Gradebook
with Gradebook(f"sqlite:///{sys.argv[1]}/grading/gradebook.db") as gradebook:
    notebook = gradebook.find_submission_notebook("detach", "03-detach", "ann")
    next(grade for grade in notebook.grades if grade.name == "check-one_path").manual_score = 1.5
    next(comment for comment in notebook.comments if comment.name == "one_path").manual_comment = "Why both?"
    gradebook.db.commit()
"""


def make_smaller(course):
    """Put the assignment back to what it was before an exercise was added and another was given a point more."""

    def edit(notebook):
        marks = [cell["metadata"].get("nbgrader", {}) for cell in notebook["cells"]]
        next(mark for mark in marks if mark.get("grade_id") == "check-stop")["points"] = 4

    keep_only(course, BEFORE)
    for folder in ("solutions", "exercises"):
        change(course / folder / NAME / "detach.ipynb", edit)


def grade(course):
    done = run(course, "gradstop", "grade", NAME)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_update_is_followed_and_manual_grades_are_kept(tmp_path):
    course, fresh = (make_course(tmp_path / name, NAME, AFTER) for name in ("course", "fresh"))
    make_smaller(course)
    hand_in(course, "ann", SOLVED)
    assert "changed:" not in grade(course)
    assert all_scores(course) == {"ann": BEFORE}
    subprocess.run([sys.executable, "-W", "ignore", "-c", BY_HAND, str(course)], check=True)

    update(course, fresh)
    hand_in(course, "bob", SOLVED)
    said = grade(course)
    assert "2 graded, 0 unchanged" in said
    assert "changed: 7 before" in said
    old = {**AFTER, "one_path": 1.5, "to_numpy_copy": 0.0}  # ann had no such exercise
    assert all_scores(course) == {"ann": old, "bob": AFTER}
    assert "0 graded, 2 unchanged" in grade(course)

    make_smaller(course)
    said = grade(course)
    assert "changed: 11 before" in said
    assert said.count("changed by hand: the gradebook has 5.5") == said.count("changed by hand") == 1
    assert all_scores(course) == {"ann": {**BEFORE, "one_path": 1.5}, "bob": BEFORE}
    table = run(course, "gradstop", "export", "--to", "-").stdout
    assert "ann,,,,5.5,7,5.5,7,graded" in table.splitlines()
    page = run(course, "nbgrader", "generate_feedback", NAME)
    assert page.returncode == 0, page.stderr
    assert "Why both?" in (course / "grading" / "feedback" / "ann" / NAME / "detach.html").read_text()


def update(course, fresh):
    for folder in ("solutions", "exercises"):
        (course / folder / NAME / "detach.ipynb").write_bytes((fresh / folder / NAME / "detach.ipynb").read_bytes())
