"""A student gets another name, or is taken out: the gradebook, hand-ins, results, report and export follow."""

import shutil

import pytest
from support.classroom import all_scores, run

from gradstop.grading.platforms.class_list import Student, read_class, write_class

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("grading")]
NAME = "03-detach"


@pytest.fixture
def course(small_class, tmp_path):
    """A graded class, of whom ann has an earlier attempt too."""
    course = shutil.copytree(small_class, tmp_path / "course")
    shutil.copytree(course / f"grading/submitted/ann/{NAME}", course / f"grading/attempts/{NAME}/ann/no-time")
    people = read_class(course)
    people.add(Student("ann", "Ann", "Lee"))
    write_class(course, people)
    return course


def said(course, *command):
    done = run(course, "gradstop", *command)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_renamed_student_is_nowhere_under_the_old_name(course):
    before = all_scores(course)["ann"]
    assert said(course, "class", "--rename", "ann", "o'brien")[0] == 0
    assert all_scores(course)["o'brien"] == before
    assert "1 graded, 3 unchanged" in said(course, "grade", NAME, "--student", "[!c]*")[1]  # dan's is new
    assert said(course, "report", NAME)[0] == 0
    page = (course / "grading" / "reports" / f"{NAME}.html").read_text()
    assert "ann" not in page.split()
    code, rows = said(course, "export", "--to", "-")
    assert code == 0
    assert "o'brien,Lee,Ann,,18,18,18,18" in rows
    assert not [line for line in rows.splitlines() if line.startswith("ann,")]
    assert not [path for path in (course / "grading").rglob("ann") if path.is_dir()]
    assert (course / "grading" / "attempts" / NAME / "o'brien" / "no-time" / "detach.ipynb").is_file()


def test_a_forgotten_student_is_in_no_report_and_the_hand_ins_are_kept(course):
    code, told = said(course, "class", "--forget", "ann")
    assert (code, "What they handed in is in grading/forgotten/ann." in told) == (0, True)
    assert "ann" not in all_scores(course)
    assert not [line for line in said(course, "export", "--to", "-")[1].splitlines() if line.startswith("ann,")]
    assert "2 graded" in said(course, "report", NAME)[1]
    kept = course / "grading" / "forgotten" / "ann"
    assert (kept / "submitted" / NAME / "detach.ipynb").is_file()
    assert (kept / "attempts" / NAME / "no-time" / "detach.ipynb").is_file()
    assert "ann" not in read_class(course).students


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["--rename", "ann", "ben"], "There is a student 'ben' already"),
        (["--rename", "annn", "x"], "There is no student 'annn'. Did you mean 'ann'?"),
        (["--rename", "ann", "../x"], "is no name of a folder"),
        (["--forget", "nobody"], "There is no student 'nobody'"),
        (["--forget", "ann", "--rename", "ann", "x"], "One at a time"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(course, command, told):
    code, text = said(course, "class", *command)
    assert (code, told in text) == (1, True), text
    assert {"ann", "ben"} <= all_scores(course).keys()
