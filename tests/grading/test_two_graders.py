"""Two that grade at once, on a course whose gradebook is not there yet: neither stops, and nothing is lost."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from support.classroom import SOLVED, all_scores, hand_in, keep_only, make_course

from gradstop.course import CourseError
from gradstop.grading.nbgrader_bridge.gradebook import open_gradebook

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("two-graders")]
NAME = "03-detach"
STUDENTS = ["ann", "ben", "cyd", "dan"]
OPEN = """
import sys, time, warnings
from pathlib import Path
warnings.simplefilter("ignore")
from gradstop.grading.nbgrader_bridge.course import open_course
from gradstop.grading.nbgrader_bridge.gradebook import open_gradebook
from gradstop.grading.result_store import result_store_of
course = open_course(Path.cwd())
print("ready", flush=True)
sys.stdin.readline()
result_store_of(course.root)
with open_gradebook(course.directories) as gradebook:
    gradebook.update_or_create_assignment("one")
    for student in map(str, range(20)):
        gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission("one", student)
    print(len(gradebook.assignment_submissions("one")))
"""


def fresh(folder: Path, db_url: str = "") -> Path:
    course = make_course(folder / "course", NAME)
    keep_only(course, ["stop"])
    if db_url:
        with (course / "nbgrader_config.py").open("a") as config:
            config.write(f"\nc.CourseDirectory.db_url = {db_url!r}\n")
    return course


def start(course: Path, *command: str) -> subprocess.Popen:
    program = str(Path(sys.executable).parent / command[0])
    return subprocess.Popen(
        [program, *command[1:]],
        cwd=course,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def all_at_once(course: Path) -> list[str]:
    """Let four processes make a gradebook and enter the same students; return what each has said."""
    others = [start(course, "python", "-c", OPEN) for _ in range(4)]
    assert [one.stdout.readline() for one in others] == ["ready\n"] * 4
    for one in others:
        one.stdin.write("\n")
        one.stdin.flush()
    ended = [one.communicate() for one in others]
    assert [one.returncode for one in others] == [0] * 4, ended
    return [out for out, _ in ended]


def test_four_processes_make_one_gradebook_in_a_file(tmp_path):
    assert all_at_once(fresh(tmp_path)) == ["20\n"] * 4


def test_four_processes_make_one_gradebook_on_a_server(tmp_path, postgres):
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL: pip install 'gradstop[postgres]'")
    assert all_at_once(fresh(tmp_path, postgres)) == ["20\n"] * 4


def test_two_graders_and_nbgrader_beside_each_other(tmp_path):
    course = fresh(tmp_path)
    for student in STUDENTS:
        hand_in(course, student, SOLVED)
    commands = [
        ["gradstop", "grade", NAME],
        ["gradstop", "grade", NAME, "--jobs", "1"],
        ["nbgrader", "autograde", NAME],
    ]
    graders = [start(course, *command) for command in commands]
    ended = [one.communicate() for one in graders]
    assert [one.returncode for one in graders] == [0, 0, 0], ended
    assert all_scores(course) == {student: {"stop": 5.0} for student in STUDENTS}


def test_a_gradebook_that_another_program_locks_is_said_with_what_to_do(tmp_path):
    address = f"sqlite:///{tmp_path}/gradebook.db"
    course = CourseDirectory(db_url=address)
    with open_gradebook(course):
        pass
    with closing(sqlite3.connect(tmp_path / "gradebook.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        said = "database is locked; another program is writing to it: say the command again"
        with pytest.raises(CourseError, match=said), open_gradebook(course):
            pass
