"""Links and odd files at each level of the folder of submissions, in each command: nothing waits or is followed."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.classroom import SOLVED, hand_in, make_course

from gradstop.grading.intake.bounds import MAX_ENTRIES
from gradstop.grading.intake.plain_files import UnreadableError, printable, read_plain
from gradstop.grading.intake.submission import read_submission

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("odd files")]  # one class for all
NAME, SECRET = "03-detach", "a secret of the instructor's"
PATIENCE = 300  # seconds until a command is taken for one that waits
LARGE = 10_000_000_000  # bytes, none of them on the disk
ODD_NAMES = [b"new\nline", b"\x1b[2J", b"\xff\xfe", b"-rf", b"n" * 255, b"; touch x", b"\xff" * 100]


def as_socket(path: Path) -> None:
    """Make a socket; its whole path may be longer than the system takes."""
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        try:
            os.chdir(path.parent)
            made.bind(path.name)
        finally:
            os.chdir(here)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(LARGE)


def replaced(path: Path, make) -> None:
    path.unlink(missing_ok=True)
    make(path)


NOT_GRADED = {
    "linked-student": "linked-student is a link, which may lead to another's",
    "linked-folder": "linked-folder/03-detach is a link, which may lead to another's",
    "pipe-as-folder": "pipe-as-folder/03-detach is a file, a pipe or a device: put a folder there",
    "linked-notebook": "detach.ipynb is a link",
    "pipe": "detach.ipynb is a folder, a pipe or a device",
    "socket": "detach.ipynb is a folder, a pipe or a device",
    "folder": "detach.ipynb is a folder, a pipe or a device",
    "large": "detach.ipynb has 10000 MB",
    "pipe-as-time": "timestamp.txt is no file of at most 100 bytes",
    "link-as-time": "timestamp.txt is no file of at most 100 bytes",
    "many": f"many/03-detach holds more than {MAX_ENTRIES} files",
    "colour-\x1b[31m": "has signs that mean something in a page or a pattern",
    "line-\nline": "has signs that mean something in a page or a pattern",
}
if os.geteuid():
    NOT_GRADED |= {"unreadable": "detach.ipynb cannot be read", "closed": "closed/03-detach cannot be read"}
GRADED = ["beside", "good", "hard-link"]


def fill(submitted: Path, secret: Path) -> None:
    """Hand in a notebook of every odd form."""
    good = submitted / "good" / NAME
    (submitted / "linked-student").symlink_to("good")
    (submitted / "linked-folder").mkdir()
    (submitted / "linked-folder" / NAME).symlink_to("../good/03-detach")
    for student in {*NOT_GRADED, *GRADED} - {"good", "linked-student", "linked-folder"}:
        shutil.copytree(good, submitted / student / NAME)

    def of(student: str, name: str = "detach.ipynb") -> Path:
        return submitted / student / NAME / name

    shutil.rmtree(of("pipe-as-folder").parent)
    os.mkfifo(of("pipe-as-folder").parent)
    replaced(of("linked-notebook"), lambda path: path.symlink_to(good / "detach.ipynb"))
    replaced(of("hard-link"), lambda path: path.hardlink_to(good / "detach.ipynb"))
    replaced(of("pipe"), os.mkfifo)
    replaced(of("socket"), as_socket)
    replaced(of("folder"), Path.mkdir)
    replaced(of("large"), sparse)
    replaced(of("pipe-as-time", "timestamp.txt"), os.mkfifo)
    replaced(of("link-as-time", "timestamp.txt"), lambda path: path.symlink_to(secret))
    for number in range(MAX_ENTRIES):
        of("many", f"{number}").touch()
    if os.geteuid():
        of("unreadable").chmod(0)
        of("closed").parent.chmod(0)
    beside = of("beside").parent
    (beside / "link").symlink_to(secret)
    (beside / "linked").symlink_to(secret.parent)
    (beside / "/".join(["deep"] * 200)).mkdir(parents=True)
    (beside / "deep" / "secret").symlink_to(secret)
    os.mkfifo(beside / "pipe")
    sparse(beside / "sparse")
    for name in ODD_NAMES:
        with open(os.path.join(os.fsencode(beside), name), "wb") as file:
            file.write(b"x")


def done(course: Path, *command: str) -> subprocess.CompletedProcess:
    """Run a command of this environment in a course; one that waits for anything fails the test."""
    program = str(Path(sys.executable).parent / command[0])
    return subprocess.run(
        [program, *command[1:]], cwd=course, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Hand in, and grade with ``gradstop grade``."""
    course = make_course(tmp_path_factory.mktemp("odd") / "course", NAME, ["stop"])
    hand_in(course, "good", SOLVED)
    secret = course / "private" / "secret.txt"
    secret.parent.mkdir()
    secret.write_text(SECRET)
    fill(course / "grading" / "submitted", secret)
    yield course
    if os.geteuid():  # or pytest cannot remove it
        (course / "grading" / "submitted" / "closed" / NAME).chmod(0o755)


@pytest.fixture(scope="module")
def graded(course):
    return {one["student"]: one for one in json.loads(done(course, "gradstop", "grade", NAME, "--json").stdout)}


@pytest.mark.parametrize("student", NOT_GRADED)
def test_an_odd_submission_is_not_graded_and_the_reason_is_said(graded, student):
    assert NOT_GRADED[student] in graded[printable(student)]["problem"]


@pytest.mark.parametrize("student", GRADED)
def test_what_is_odd_beside_a_notebook_costs_nothing(graded, student):
    assert (graded[student]["score"], graded[student]["problem"]) == (5.0, "")


def leaks(course: Path) -> list[str]:
    """Return the files that grading has made and that hold what is private, or lead to it."""
    made = [path for kind in ("autograded", "feedback", "reports") for path in (course / "grading" / kind).rglob("*")]
    large = [path.name for path in made if path.is_file() and path.stat().st_size > 30_000_000]
    told = [path.name for path in made if path.is_file() and SECRET.encode() in path.read_bytes()]
    return [*large, *told, *[path.name for path in made if path.is_symlink()]]


def test_the_other_commands_end_and_hold_nothing_private(course, graded):
    for command in (["gradstop", "report", NAME], ["gradstop", "export"]):
        ran = done(course, *command)
        assert (ran.returncode, "Traceback" in ran.stderr) == (0, False), ran.stderr
    feedback = done(course, "nbgrader", "generate_feedback", NAME)
    assert feedback.returncode == 0, feedback.stderr
    assert {path.parts[-3] for path in (course / "grading" / "feedback").rglob("*.html")} == set(GRADED)
    assert leaks(course) == []


def test_the_formgrader_lists_all(course, graded):
    code = (
        "import json; from pathlib import Path; from nbgrader.api import Gradebook; from nbgrader.apps.api import *\n"
        "from nbgrader.coursedir import CourseDirectory\n"
        "from gradstop.grading.nbgrader_bridge.register import course_config\n"
        f"found = NbGraderAPI(CourseDirectory(config=course_config(Path.cwd()))).get_submissions({NAME!r})\n"
        "print(json.dumps([one['student'] for one in found]))"
    )
    listed = done(course, Path(sys.executable).name, "-W", "ignore", "-c", code)
    assert listed.returncode == 0, listed.stderr
    assert {*GRADED, "pipe-as-time"} <= {*json.loads(listed.stdout.splitlines()[-1])}


def test_nbgrader_s_own_autograde_does_the_same(course, graded):
    again = course / "grading" / "autograded"
    shutil.rmtree(again)
    ran = done(course, "nbgrader", "autograde", NAME)
    assert "linked-student is a link, which may lead to another's" in ran.stderr
    assert "line-?line, 03-detach: not graded: the folder's name" in ran.stderr
    assert "\x1b" not in ran.stderr
    assert {path.parts[-3] for path in again.rglob("*.ipynb")} == set(GRADED)
    assert {path.name for path in (again / "beside" / NAME).iterdir()} >= {"detach.ipynb", "-rf"}
    assert leaks(course) == []


def test_a_pipe_in_the_place_of_a_file_that_was_plain_is_not_awaited(tmp_path, monkeypatch):
    """What was looked at may be another file when it is opened."""
    folder = tmp_path / "eve" / NAME
    folder.mkdir(parents=True)
    (folder / "detach.ipynb").write_text("{}")
    (folder / "data.txt").write_text("x")
    looked = os.lstat(folder / "data.txt")
    replaced(folder / "data.txt", os.mkfifo)
    with pytest.raises(OSError, match="no plain file"):
        read_plain(folder / "data.txt", 100)
    lstat = os.lstat
    monkeypatch.setattr(os, "lstat", lambda path: looked if Path(path).name == "data.txt" else lstat(path))
    with pytest.raises(UnreadableError, match=r"data\.txt cannot be read"):
        read_submission("eve", folder / "detach.ipynb")


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path):
    (tmp_path / "private").write_text(SECRET)
    (tmp_path / "link").symlink_to("private")
    with pytest.raises(OSError, match="symbolic link"):
        read_plain(tmp_path / "link", 100)
