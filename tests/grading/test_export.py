"""The export: what a spreadsheet, Moodle and Canvas read, and that no name becomes a formula."""

import csv
import io
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.classroom import run

from gradstop.grading.reporting.export import Grades, Student, as_csv, canvas, moodle, neutral, spreadsheet
from gradstop.grading.standing.status import Standing, Status

POINTS = {"03-detach": 18.0, "06-clone": 12.5}
ANN = Student(
    "ann",
    "Åström, née O'Hara",
    "Ann",
    "ann@example.org",
    {"03-detach": 17.25, "06-clone": 12.5},
    {"03-detach": Standing(Status.GRADED)},
)
BEN = Student("ben", "", "", "", {"03-detach": 0.0})
CYD = Student("cyd", "Chan", "Cyd", "cyd@example.org", {}, {"06-clone": Standing(Status.NOTHING)})
CLASS = Grades(POINTS, [ANN, BEN, CYD], {})


def read(rows):
    """Read rows as the other side does."""
    return list(csv.reader(io.StringIO(as_csv(rows), newline="")))


def test_a_spreadsheet_gets_scores_maxima_and_totals():
    assert read(spreadsheet(CLASS)) == [
        [
            *("student", "last_name", "first_name", "email"),
            *(
                "03-detach",
                "03-detach max",
                "06-clone",
                "06-clone max",
                "total",
                "total max",
                "03-detach status",
                "06-clone status",
            ),
        ],
        [
            "ann",
            "Åström, née O'Hara",
            "Ann",
            "ann@example.org",
            "17.25",
            "18",
            "12.5",
            "12.5",
            "29.75",
            "30.5",
            "graded",
            "",
        ],
        ["ben", "", "", "", "0", "18", "", "12.5", "0", "30.5", "", ""],
        ["cyd", "Chan", "Cyd", "cyd@example.org", "", "18", "", "12.5", "", "30.5", "", "nothing handed in"],
    ]


def test_who_is_not_graded_is_known():
    assert list(CLASS.missing()) == [("03-detach", ["cyd"]), ("06-clone", ["ben", "cyd"])]


def test_moodle_gets_a_dash_for_no_grade_and_the_addresses_there_are():
    assert read(moodle(CLASS)) == [
        ["Username", "Last name", "First name", "Email address", "03-detach", "06-clone"],
        ["ann", "Åström, née O'Hara", "Ann", "ann@example.org", "17.25", "12.5"],
        ["ben", "", "", "-", "0", "-"],
        ["cyd", "Chan", "Cyd", "cyd@example.org", "-", "-"],
    ]
    (head, *_) = read(moodle(Grades(POINTS, [replace(ANN, email="")], {})))
    assert "Email address" not in head


def test_canvas_gets_its_columns_and_the_points_possible():
    assert read(canvas(CLASS)) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "03-detach", "06-clone"],
        ["    Points Possible", "", "", "", "", "18", "12.5"],
        ["Åström, née O'Hara, Ann", "", "", "ann", "", "17.25", "12.5"],
        ["ben", "", "", "ben", "", "0", ""],
        ["Chan, Cyd", "", "", "cyd", "", "", ""],
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =cmd|' /C calc'!A0", "\uff1d1", "-", "="]
)
def test_a_text_that_would_be_a_formula_gets_an_apostrophe(text):
    assert neutral(text) == f"'{text}"
    evil = Grades({text: 1.0}, [Student(text, text, text, text, {text: 1.0})], {})
    for layout in (spreadsheet, moodle, canvas):
        cells = [cell for row in read(layout(evil)) for cell in row]
        assert f"'{text}" in cells
        assert not [cell for cell in cells if cell.startswith(tuple("=+@\t\r\n\uff1d"))]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ann;=cmd|' /C calc'!A0;", "Ann;'=cmd|' /C calc'!A0;"),
        ("Ann; +1", "Ann;' +1"),
        ("Ann;Lee;\uff1d1", "Ann;Lee;'\uff1d1"),
        ("Ann\t@SUM(A1)", "Ann\t'@SUM(A1)"),
        ("=1;-2", "'=1;'-2"),
    ],
)
def test_so_does_one_where_a_spreadsheet_parts_cells_at_semicolons_or_tabs(text, shown):
    assert neutral(text) == shown


@pytest.mark.parametrize("text", ["ann", "o'hara", "1-2", "a=b", "", "Jean-Luc", "0", "'=1", "Lee; Ann", "a;b=c"])
def test_another_text_stays_as_it_is(text):
    assert neutral(text) == text


def test_numbers_are_plain():
    wide = Grades(
        {"a": 123456789.0}, [Student("s", "", "", "", {"a": 1 / 3}), Student("t", "", "", "", {"a": 1e-7})], {}
    )
    assert [row[4:6] for row in read(spreadsheet(wide))[1:]] == [["0.3333", "123456789"], ["0", "123456789"]]


MANUAL = """
from datetime import datetime
from nbgrader.api import Gradebook
with Gradebook('sqlite:///{course}/grading/gradebook.db') as gb:
    gb.update_or_create_student('ann', last_name='=cmd()', first_name='Ann', email='ann@example.org')
    gb.find_grade('check-stop', 'detach', '03-detach', 'ann').manual_score = 2.5
    gb.find_submission('03-detach', 'ben').notebooks[0].late_submission_penalty = 4
    gb.add_assignment('06-clone')
    gb.db.commit()
"""


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
def test_the_gradebook_decides_manual_scores_and_penalties_too(small_class, tmp_path):
    course = shutil.copytree(small_class, tmp_path / "course")
    subprocess.run([sys.executable, "-W", "ignore", "-c", MANUAL.format(course=course)], check=True)
    done = run(course, "gradstop", "export", "--assignment", "03-detach")
    assert (done.returncode, done.stdout) == (0, "grading/grades.csv\n"), done.stderr
    assert done.stderr == "03-detach: no graded submission of cyd, dan\n"
    written = (course / "grading/grades.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbfstudent,last_name,")
    rows = list(csv.reader(io.StringIO(written.decode("utf-8-sig"), newline="")))
    assert [row[:4] for row in rows[1:]] == [
        ["'=eve", "", "", ""],
        ["ann", "'=cmd()", "Ann", "ann@example.org"],
        ["ben", "", "", ""],
        ["cyd", "", "", ""],
        ["dan", "", "", ""],
    ]
    assert [row[4:] for row in rows[1:]] == [
        ["18", "18", "18", "18", "graded"],
        ["15.5", "18", "15.5", "18", "graded"],
        ["13", "18", "13", "18", "graded"],
        ["", "18", "", "18", rows[4][-1]],
        ["", "18", "", "18", "not graded yet"],
    ]
    done = run(course, "gradstop", "export", "--format", "canvas", "--to", str(tmp_path / "canvas.csv"))
    assert done.returncode == 0
    assert (
        (tmp_path / "canvas.csv")
        .read_text()
        .startswith("Student,ID,SIS User ID,SIS Login ID,Section,03-detach,06-clone\n")
    )
    assert "06-clone: no graded submission of =eve, ann, ben, cyd, dan" in done.stderr


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--assignment", "99-none"], "no assignment '99-none'. It has: 03-detach"),
        (["--to", "/nowhere/grades.csv"], "/nowhere/grades.csv cannot be written"),
    ],
)
def test_a_mistake_gets_a_sentence(small_class, options, said):
    done = run(small_class, "gradstop", "export", *options)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
def test_no_letter_of_a_name_is_lost_on_the_way_to_another_program(small_class, tmp_path):
    course = shutil.copytree(small_class, tmp_path / "course")
    (tmp_path / "list.csv").write_text(
        "Username,First name,Last name\nann,Ann,M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller\n"
    )
    assert run(course, "gradstop", "class", str(tmp_path / "list.csv")).returncode == 0
    done = run(course, "gradstop", "export", "--to", "-", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout) == (1, "")
    assert "--to FILE" in done.stderr
    assert "M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller" in run(course, "gradstop", "export", "--to", "-").stdout


@pytest.mark.slow
@pytest.mark.xdist_group("grading")
def test_a_reader_who_has_read_enough_gets_no_traceback(small_class):
    reading, writing = os.pipe()
    os.close(reading)
    command = [Path(sys.executable).parent / "gradstop", "export", "--to", "-"]
    done = subprocess.run(command, cwd=small_class, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
