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
from contextlib import suppress
from pathlib import Path

import pytest
from support.classroom import SOLVED, change, make_course
from support.course import ROOT
from support.lab import COURSE, environment

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("teach")]
PAGE = (ROOT / "book" / "teach.md").read_text()
NAME = "03-detach"
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
        raise AssertionError("the shell has ended:\n" + "".join(said))

    def _end(self) -> None:
        os.killpg(self._shell.pid, signal.SIGKILL)  # and what it has left running

    def close(self) -> None:
        with suppress(ProcessLookupError):
            self._end()
        self._shell.wait()
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
        "--nworkers 4": "--nworkers 1",  # each loads torch, and two submissions are graded
        "make setup": f"{make} setup",
        "make book": f"{make} --dry-run book",  # `make test` builds the book, before it runs this
        "jupyter lab": "jupyter lab --no-browser --port=0 --allow-root",
    }.items():
        text = text.replace(old, new)
    if is_students(text):
        return f"(cd {instructor.student} && {text} --student ben)"
    if text.startswith(SERVES):
        return f"{text} > {instructor.home}/served 2>&1 &"
    return text


def is_students(text):
    return text.startswith(("nbgrader fetch_assignment", "nbgrader submit"))


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
    elif text.startswith("mkdir"):
        path = shutil.copy(instructor.course / "exercises" / NAME / "detach.ipynb", instructor.home / "Downloads")
        change(Path(path).rename(Path(path).with_name("ann.ipynb")), lambda notebook: fill(notebook, WRONG))
    elif text.startswith("git fetch"):
        with (instructor.upstream / "solutions" / NAME / "wrong_answers.py").open("a") as answers:
            answers.write("\n# An update of the course.\n")
        instructor.commit()


def after(instructor, text, said):
    """Look whether a command has done what the page says."""
    grading = instructor.course / "grading"
    if text.startswith("gradstop grade") and text not in instructor.said and "--" not in text:
        printed = [line[4:] for line in PAGE.splitlines() if re.match(r"    (\w+ +\d+  stop|\d+ graded)", line)]
        assert said.splitlines()[:3] == printed
    elif text == "gradstop grade 03-detach --force":
        assert "2 graded" in said
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
        row = next(line for line in (grading / "grades.csv").read_text("utf-8-sig").splitlines() if "Ann" in line)
        assert row.startswith("ann,Lee,Ann,ann@example.org,15,18"), "17 points, and two late days that count"
    elif text.startswith("nbgrader collect"):
        assert (grading / "submitted" / "ben" / NAME / "timestamp.txt").is_file()
    elif text.startswith("nbgrader generate_feedback"):
        assert "This behaves like" in (grading / "feedback" / "ann" / NAME / "detach.html").read_text()
    elif text.startswith("git push"):
        assert git_has(instructor.private, "solutions")
    elif text.startswith(("jupyter lab", "dask scheduler")):
        wait_for(instructor, lambda: answers(instructor, text))


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
