"""The page for instructors: each of its commands is run, in order, in one shell, by somebody who sets up a course."""

import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.classroom import SOLVED, change, make_course
from support.course import ROOT
from support.lab import COURSE, environment
from support.platform_exports import (
    Person,
    canvas,
    canvas_gradebook,
    make_zip,
    moodle,
    moodle_participants,
    moodle_worksheet,
    notebook,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("teach")]
PAGE = (ROOT / "book" / "teach.md").read_text()
NAME = "03-detach"
ANN, BEN, CAL = PEOPLE = [
    Person("ann", "Ann", "Lee", 1),
    Person("ben", "Ben", "Kim", 2),
    Person("cal", "Cal", "Ray", 3),
]
FOR_CANVAS = "gradstop feedback 03-detach --format canvas"
LATE = (2027, 3, 5, 9, 0, 0)  # as a clock in Berlin shows it
WRONG = {**SOLVED, "stop": "def stop(x):\n    return x.data"}
LIMIT = 180  # seconds for one command
END = "the command has ended with"
SERVES = ("jupyter lab", "dask scheduler", "dask worker")  # these run until somebody stops them


def steps():
    """Yield (language, text) of each command, and of each piece of configuration, in the page's order."""
    for language, block in re.findall(r"```(sh|python)\n(.*?)```", PAGE, flags=re.DOTALL):
        yield from ((language, line) for line in (block.splitlines() if language == "sh" else [block]))


STEPS = [(number, *step) for number, step in enumerate(steps())]
NAMED = pytest.mark.parametrize("step", STEPS, ids=[f"{number}: {text.splitlines()[0]}" for number, _, text in STEPS])


class Instructor:
    """An instructor at one shell, with an empty home, and a student who shares a folder with them."""

    def __init__(self, folder: Path) -> None:
        self.home, self.student, self.exchange = (folder / name for name in ("home", "ben", "exchange"))
        for one in (self.home / "Downloads", self.student, self.exchange):
            one.mkdir(parents=True)
        self.upstream, self.private = folder / "upstream", folder / "private.git"
        self.course = self.home / "gradients"
        self.port = free_port()
        self.said: dict[str, str] = {}
        self._make_repository()
        # nbgrader and git are to meet nobody's settings but those of the page.
        names = {f"GIT_{who}_{what}": "x@y.z" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        kept = {**environment(self.home), **names, "PATH": os.defpath, "GIT_CONFIG_GLOBAL": os.devnull}
        self._shell = subprocess.Popen(
            ["bash"],
            cwd=self.home,
            env=kept,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _make_repository(self) -> None:
        """Make a small repository in the place of this one, and an empty one of the instructor's."""
        make_course(self.upstream, NAME)
        for name in {*COURSE, ".gitignore"} - {"book", "exercises", "nbgrader_config.py"}:
            shutil.copy(ROOT / name, self.upstream)
        git(self.upstream, "init", "--quiet", "--initial-branch=main")
        self.commit()
        git(self.upstream, "init", "--quiet", "--bare", "--initial-branch=main", str(self.private))

    def commit(self) -> None:
        """Commit what has changed in the book's own repository."""
        git(self.upstream, "add", "--all")
        git(self.upstream, "-c", "user.name=x", "-c", "user.email=x@y.z", "commit", "--quiet", "--message=x")

    def run(self, command: str) -> str:
        """Run a command in the shell and return what it says. It fails the test where it fails."""
        said = []
        clock = threading.Timer(LIMIT, self._end)
        clock.start()
        try:
            self._shell.stdin.write(f"{command}\necho {END} $?\n")
            self._shell.stdin.flush()
            for line in self._shell.stdout:
                if line.startswith(END):
                    assert line.split()[-1] == "0", "".join(said)
                    return "".join(said)
                said.append(line)
        finally:
            clock.cancel()
        raise AssertionError(f"the shell has ended, within {LIMIT} s or by this limit:\n" + "".join(said))

    def _end(self) -> None:
        os.killpg(self._shell.pid, signal.SIGKILL)  # and what it has left running

    def close(self) -> None:
        with suppress(ProcessLookupError):
            self._end()
        self._shell.wait()
        with suppress(BrokenPipeError):  # of a command that a shell that has ended did not read
            self._shell.stdin.close()
        self._shell.stdout.close()


def git(folder, *words):
    subprocess.run(["git", *words], cwd=folder, check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull})


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def instructor(tmp_path_factory):
    for program in ("bash", "git", "make"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} on the path")
    someone = Instructor(tmp_path_factory.mktemp("teach"))
    yield someone
    someone.close()


@NAMED
def test_a_command_of_the_page_works(instructor, step, request):
    _, language, text = step
    if "dask" in text or "--scheduler" in text:
        pytest.importorskip("distributed", reason="no Dask: pip install 'gradstop[cluster]'")
    if "postgresql" in text:
        if importlib.util.find_spec("psycopg") is None:
            pytest.skip("no driver for PostgreSQL: pip install 'gradstop[postgres]'")
        text = f"c.CourseDirectory.db_url = {request.getfixturevalue('postgres')!r}\n"
    before(instructor, text)
    if language == "python":
        configure(instructor, here(instructor, text))
        return
    said = instructor.run(here(instructor, text))
    after(instructor, text, said)
    instructor.said.setdefault(text, said)


def here(instructor, text):
    """Return a command as it is said here: with this place's addresses, and with what is installed already."""
    make = "make --old-file=.venv/.installed"
    for old, new in {
        "ADDRESS": str(instructor.upstream),
        "PRIVATE": str(instructor.private),
        "/srv/exchange": str(instructor.exchange),
        "HOST:8786": f"127.0.0.1:{instructor.port}",
        "--host HOST": f"--host 127.0.0.1 --port {instructor.port} --no-dashboard",
        "--nworkers 4": "--nworkers 1",  # each loads torch, and few submissions are graded
        "make setup": f"{make} setup",
        "make book": f"{make} --dry-run book",  # `make test` builds the book, before it runs this
        "jupyter lab": "jupyter lab --no-browser --port=0 --allow-root",
    }.items():
        text = text.replace(old, new)
    if is_students(text):
        return f"(cd {instructor.student} && {text} --student ben)"
    if text == FOR_CANVAS:
        return f"{text} || test $? = 1"  # Ben has handed in by the exchange alone, which is said
    if text.startswith(SERVES):
        return f"{text} > {instructor.home}/served 2>&1 &"
    return text


def is_students(text):
    return text.startswith(("nbgrader fetch_", "nbgrader submit"))


def configure(instructor, text):
    """Add a piece to the configuration, and to the student's what is for both."""
    with (instructor.course / "nbgrader_config.py").open("a") as config:
        config.write(f"\n{text}")
    if "Exchange" in text:
        (instructor.student / "nbgrader_config.py").write_text(f"c = get_config()\n{text}")


def fill(notebook, answers):
    for cell in notebook["cells"]:
        cell["source"] = answers.get(cell["metadata"].get("nbgrader", {}).get("grade_id"), cell["source"])


def before(instructor, text):
    """Do what others do before the instructor says a command."""
    if text.startswith("make setup"):
        place = instructor.course / ".venv"
        place.is_symlink() or place.symlink_to(sys.prefix)
    elif text.startswith("nbgrader submit"):
        change(instructor.student / NAME / "detach.ipynb", lambda notebook: fill(notebook, SOLVED))
    elif text.startswith("gradstop class") and "participants" in text:
        download(instructor.home / "Downloads")
    elif text == FOR_CANVAS:
        collect_from_canvas(instructor)
    elif text.startswith("git fetch"):
        with (instructor.upstream / "solutions" / NAME / "wrong_answers.py").open("a") as answers:
            answers.write("\n# An update of the course.\n")
        instructor.commit()


def download(folder):
    """Have in a folder what the page's platform and its mail have brought.

    Ann has handed in for her group, in which Cal is, and late; Cal has sent an answer by mail before that.
    """
    (folder / "participants.csv").write_text(moodle_participants(PEOPLE))
    (folder / "worksheet.csv").write_text(moodle_worksheet(PEOPLE))
    (folder / "groups.csv").write_text("Group,Student\nTeam 1,ann\nTeam 1,cal\n")
    make_zip(folder / "submissions.zip", [(moodle(ANN, "detach (1).ipynb"), notebook(WRONG))], LATE)
    mail = folder / "by-mail" / "cal" / "detach.ipynb"
    mail.parent.mkdir(parents=True, exist_ok=True)
    mail.write_bytes(notebook())
    os.utime(mail, (datetime(2027, 3, 1, tzinfo=UTC).timestamp(),) * 2)


def collect_from_canvas(instructor):
    """Collect the same hand-ins as Canvas calls them, for those who have Canvas and not Moodle."""
    folder, submitted = instructor.home / "Downloads", instructor.course / "grading" / "submitted"
    (folder / "canvas.csv").write_text(canvas_gradebook(PEOPLE))
    hand_ins = {one: submitted / one.id / NAME / "detach.ipynb" for one in (ANN, CAL)}
    make_zip(folder / "canvas.zip", [(canvas(one), path.read_bytes()) for one, path in hand_ins.items()], LATE)
    instructor.run("gradstop class ~/Downloads/canvas.csv")
    instructor.run(f"gradstop collect ~/Downloads/canvas.zip {NAME} --zone Europe/Berlin")


def after(instructor, text, said):
    """Look whether a command has done what the page says."""
    grading = instructor.course / "grading"
    if text == "gradstop grade 03-detach --why":
        printed = [
            line[4:].partition("…")[0] for line in PAGE.splitlines() if re.match(r"    (\w+ +\d+  stop| {25,})", line)
        ]
        assert len(printed) == 4
        lines = [line for line in said.splitlines() if not line.startswith("graded last, ")]  # on a busy machine
        for line, expected in zip(lines, printed, strict=False):
            assert line.startswith(expected)
        assert "3 graded, 0 unchanged, 0 not graded." in said
    elif text == "gradstop grade 03-detach --force":
        assert "3 graded" in said
        assert "late by 3 d 9 h, which costs 2" in said
    elif text.startswith("gradstop collect"):
        looked_after_collecting(text, said, grading)
    elif text.startswith("gradstop class") and "worksheet" in text:
        assert "changed: ann, ben, cal: what a platform calls them" in said
    elif text.startswith("gradstop extend ann") and "--none" not in text:
        assert exported(instructor)["ann"].startswith("ann,Lee,Ann,ann@example.org,17,18")
    elif text.startswith("gradstop feedback"):
        platform = text.split()[-1]
        assert sorted(zip_names(grading, platform)) == feedback_names(platform)
        assert ("ben: not in the zip" in said) is (platform == "canvas")
    elif text == "gradstop grade 03-detach":
        # On a new gradebook nothing is run; after an update everything is.
        updated = "git merge upstream/main" in instructor.said
        assert ("2 graded, 0 unchanged" if updated else "0 graded, 2 unchanged") in said
    elif text.startswith("gradstop explain"):
        assert "The verdict is the same as when it was graded." in said
    elif text.startswith("gradstop report"):
        kind = "-anonymous" if "--anonymous" in text else ""
        page = (grading / "reports" / f"{NAME}{kind}.html").read_text()
        assert ("ann" not in page) is ("--anonymous" in text)
    elif text == "gradstop export":
        row = exported(instructor)["ann"]
        assert row.startswith("ann,Lee,Ann,ann@example.org,15,18"), "17 points, and two late days that count"
    elif text.startswith("gradstop class --forget"):
        assert not (grading / "submitted" / "cal").exists()
        assert (grading / "forgotten" / "cal.ray").is_dir()
    elif text.startswith("nbgrader fetch_feedback"):
        (page,) = instructor.student.rglob("feedback/*/detach.html")
        assert "Score: 18.0 / 18.0" in page.read_text()
    elif text.startswith("nbgrader collect"):
        assert (grading / "submitted" / "ben" / NAME / "timestamp.txt").is_file()
    elif text.startswith("nbgrader generate_feedback"):
        assert "This behaves like" in (grading / "feedback" / "ann" / NAME / "detach.html").read_text()
    elif text.startswith("git push"):
        assert git_has(instructor.private, "solutions")
    elif text.startswith(("jupyter lab", "dask scheduler")):
        wait_for(instructor, lambda: answers(instructor, text))


def looked_after_collecting(text, said, grading):
    """Look who has handed in, and what nothing was lost of."""
    stamp = grading / "submitted" / "ann" / NAME / "timestamp.txt"
    if "--dry-run" in text:
        assert not stamp.exists()
        assert "1 collected, 0 as before, 0 files not taken; nothing was changed." in said
    elif "--groups" in text:
        assert "of the group ann, cal" in said
    elif "by-mail" in text:
        assert "an attempt of 2027-03-01 00:00:00 UTC (detach.ipynb) may count, and is kept" in said
        assert len(list((grading / "attempts" / NAME / "cal").iterdir())) == 1
    else:
        assert stamp.read_text() == "2027-03-05 08:00:00 UTC\n"


def exported(instructor):
    """Export for a spreadsheet, and return the lines by the student."""
    lines = instructor.run("gradstop export --to -").splitlines()
    return {line.partition(",")[0]: line for line in lines}


def zip_names(grading, platform):
    with zipfile.ZipFile(grading / f"feedback-{platform}-{NAME}.zip") as archive:
        return archive.namelist()


def feedback_names(platform):
    """Return the names in a zip of feedback: as the platform called the hand-ins, or would have called a member's."""
    if platform == "canvas":
        return sorted(map(canvas, (ANN, CAL)))
    return sorted(moodle(one, "detach.html") for one in PEOPLE)


def git_has(repository, name):
    words = ["git", "ls-tree", "--name-only", "main"]
    return name in subprocess.run(words, cwd=repository, capture_output=True, text=True, check=True).stdout.split()


def answers(instructor, text):
    if text.startswith("jupyter"):
        return any((instructor.home / "run").glob("jpserver-*-open.html"))
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", instructor.port)) == 0


def wait_for(instructor, condition):
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, (instructor.home / "served").read_text()
        time.sleep(0.1)


def test_the_page_says_how_the_exercises_of_ones_own_are_made_and_what_stays_private():
    assert "](write-an-exercise.md)" in PAGE
    assert "*private* repository" in PAGE
