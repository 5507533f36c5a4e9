"""PostgreSQL as the gradebook: a real server, started for this test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from classroom import SOLVED, hand_in, make_course, nbgrader, run

pytest.importorskip("psycopg", reason="no driver for PostgreSQL: pip install 'gradstop[postgres]'")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgres")]
NAME = "03-detach"


def program(name: str) -> str | None:
    """Return where a program of the server lies; Debian keeps it off the path."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *map(Path, os.defpath.split(":"))]
    return next((str(place / name) for place in places if (place / name).is_file()), None)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Start a server that listens on a socket in a folder of its own; it does not run as root."""
    if program("initdb") is None:
        pytest.skip("no PostgreSQL: install your system's package postgresql")
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path("/tmp") / f"gradstop-pg-{os.getpid()}"  # a socket's path must be short
    folder.mkdir()
    if user:
        shutil.chown(folder, user)

    def do(name, *words):
        subprocess.run([program(name), *words], check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)

    data = str(folder / "data")
    do("initdb", "-D", data, "-U", "grader", "--auth=trust", "-E", "UTF8")
    do("pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", f"-k {folder} -c listen_addresses=''", "start")
    try:
        do("createdb", "-h", str(folder), "-U", "grader", "gradebook")
        yield f"postgresql+psycopg://grader@/gradebook?host={folder}"
    finally:
        do("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def course(tmp_path_factory, server) -> Path:
    """Grade a small class into it."""
    course = make_course(tmp_path_factory.mktemp("postgres"), NAME, ["stop"])
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {server!r}\n")
    hand_in(course, "ann", SOLVED)
    hand_in(course, "ben", {**SOLVED, "stop": "def stop(x):\n    return x.data"})
    done = run(course, "gradstop", "grade", NAME)
    assert done.returncode == 0, done.stderr
    return course


def found(server, student) -> list[float]:
    code = (
        "import sys; from nbgrader.api import Gradebook\n"
        f"with Gradebook({server!r}) as gb:\n"
        f"    print(*[n.score for n in gb.find_submission({NAME!r}, {student!r}).notebooks])\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def test_the_scores_are_in_the_database(course, server):
    assert not (course / "grading" / "gradebook.db").exists()
    assert found(server, "ann") == [5.0]
    assert found(server, "ben") == [4.0]


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
