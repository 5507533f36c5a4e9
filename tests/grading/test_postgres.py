"""PostgreSQL as the gradebook: a real server, started for this test."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.classroom import SOLVED, hand_in, make_course, nbgrader, run

pytest.importorskip("psycopg", reason="no driver for PostgreSQL: pip install 'gradstop[postgres]'")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgres")]
NAME = "03-detach"


@pytest.fixture(scope="module")
def course(tmp_path_factory, postgres) -> Path:
    """Grade a small class into it."""
    course = make_course(tmp_path_factory.mktemp("postgres"), NAME, ["stop"])
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {postgres!r}\n")
    hand_in(course, "ann", SOLVED)
    hand_in(course, "ben", {**SOLVED, "stop": "def stop(x):\n    return x.data"})
    done = run(course, "gradstop", "grade", NAME)
    assert done.returncode == 0, done.stderr
    return course


def found(postgres, student) -> list[float]:
    code = (
        "import sys; from nbgrader.api import Gradebook\n"
        f"with Gradebook({postgres!r}) as gb:\n"
        f"    print(*[n.score for n in gb.find_submission({NAME!r}, {student!r}).notebooks])\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def test_the_scores_are_in_the_database(course, postgres):
    assert not (course / "grading" / "gradebook.db").exists()
    assert found(postgres, "ann") == [5.0]
    assert found(postgres, "ben") == [4.0]


def test_nbgrader_works_on_it_too(course):
    nbgrader(course, "autograde", NAME, "--force")
    nbgrader(course, "generate_feedback", NAME)
    nbgrader(course, "export", "--to", "grading/grades.csv")
    assert ",ben," in (course / "grading" / "grades.csv").read_text()


def test_a_server_that_is_gone_is_named(course):
    config = course / "nbgrader_config.py"
    text = config.read_text()
    config.write_text(text + "\nc.CourseDirectory.db_url = 'postgresql+psycopg://nobody@127.0.0.1:1/none'\n")
    try:
        done = run(course, "gradstop", "grade", NAME, "--force")
    finally:
        config.write_text(text)
    assert done.returncode == 1
    assert "The gradebook" in done.stderr
    assert "Traceback" not in done.stderr
