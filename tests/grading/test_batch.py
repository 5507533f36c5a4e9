"""``gradstop grade`` on a class: only what is new is graded, and whatever stops it, nothing finished is lost."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from support.classroom import SOLVED, all_scores, change, hand_in, make_course, run, scores, without_checks

from gradstop.grading.executors import executor_for
from gradstop.grading.process.warm_process import WarmProcess
from gradstop.grading.result_store import result_store_of
from gradstop.grading.rules import Rules

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("batch")]
NAME = "03-detach"
EXERCISES = ("stop", "one_path")  # as few as do: this is about the class and not about them
FULL = 8.0
CLASS = [f"student-{number:02}" for number in range(8)]


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Path:
    """Return a course whose class is graded."""
    course = make_course(tmp_path_factory.mktemp("batch"), NAME, EXERCISES)
    for student in CLASS:
        hand_in(course, student, SOLVED)
    results = grade(course)
    assert {name: r["score"] for name, r in results.items()} == dict.fromkeys(CLASS, FULL)
    return course


@pytest.fixture
def course(graded, tmp_path) -> Path:
    """Return a copy of the graded course."""
    return Path(shutil.copytree(graded, tmp_path / "course"))


@pytest.fixture
def ungraded(graded, tmp_path) -> Path:
    """Return a copy of the course in which nobody is graded yet."""
    run_time = ("autograded", "gradebook.db", "results.db*")
    return Path(shutil.copytree(graded, tmp_path / "course", ignore=shutil.ignore_patterns(*run_time)))


def grade(course, *options):
    """Grade and return the results by student."""
    done = run(course, "gradstop", "grade", NAME, "--json", *options)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout, done.stderr
    return {result["student"]: result for result in json.loads(done.stdout)}


def kept(course) -> set[str]:
    """Return whose outcome is kept."""
    path = course / "grading" / "results.db"
    if not path.is_file():
        return set()
    try:
        with closing(sqlite3.connect(path)) as database:
            return {student for (student,) in database.execute("SELECT student FROM outcome")}
    except sqlite3.OperationalError:  # being made at this moment
        return set()


class Grading:
    """The command at work, to be disturbed."""

    def __init__(self, course, *options):
        self.course = course
        self.process = subprocess.Popen(
            [str(Path(sys.executable).parent / "gradstop"), "grade", NAME, "--json", "--jobs", "2", *options],
            cwd=course,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, count):
        """Return when as many outcomes are kept, and all processes of the command."""
        deadline = time.monotonic() + 120
        while len(kept(self.course)) < count:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return psutil.Process(self.process.pid).children(recursive=True)

    def wait_for_keys(self):
        """Return when the warm process has forked, before anything is graded, and all processes of the command."""
        while not (warm := self.warm()) or not warm.children():
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.02)
        return psutil.Process(self.process.pid).children(recursive=True)

    def warm(self):
        """Return the warm process, None before it is there."""
        return next(filter(is_warm_process, psutil.Process(self.process.pid).children()), None)

    def end(self):
        """Return what it printed, once it has ended."""
        out, err = self.process.communicate(timeout=180)
        return self.process.returncode, out, err


def left_of(processes):
    """Return which processes still run after a moment."""
    _, alive = psutil.wait_procs(processes, timeout=10)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def is_warm_process(process):
    try:
        return any("forkserver.server" in word for word in process.cmdline())
    except psutil.NoSuchProcess:  # others end soon: what makes the database, what observes a solution
        return False


def test_what_is_graded_and_unchanged_is_not_graded_again(course):
    again = grade(course)
    assert {name: r["score"] for name, r in again.items()} == dict.fromkeys(CLASS, FULL)
    assert not any(r["graded_now"] for r in again.values())
    forced = grade(course, "--student", CLASS[0], "--force")
    assert [r["graded_now"] for r in forced.values()] == [True]


def test_a_resubmission_is_graded_and_never_keeps_an_old_score(course):
    answers = {**SOLVED, "stop": "def stop(x):\n    return x.data"}
    shutil.rmtree(course / "grading" / "submitted" / CLASS[3])
    change(hand_in(course, CLASS[3], answers), without_checks)
    again = grade(course)
    assert [name for name, r in again.items() if r["graded_now"]] == [CLASS[3]]
    assert (again[CLASS[3]]["score"], again[CLASS[3]]["before"]) == (FULL - 1, FULL)
    assert scores(course, CLASS[3])["stop"] == 4.0


def test_a_fault_of_the_judge_s_own_is_graded_again_and_costs_no_earlier_score(course):
    store = result_store_of(course)
    fault = replace(store.outcome(NAME, CLASS[2]), scores=[], notebook="", problem="the judge failed", traceback="…")
    store.keep(NAME, fault)
    done = run(course, "gradstop", "export", "--to", "-")
    assert f"{NAME}, {CLASS[2]}: earlier hand-in: the judge failed" in done.stderr
    again = grade(course)
    assert [name for name, r in again.items() if r["graded_now"]] == [CLASS[2]]
    assert (again[CLASS[2]]["score"], again[CLASS[2]]["status"]) == (FULL, "graded")


def test_a_gradebook_that_was_lost_is_filled_again_without_running_anything(course):
    (course / "grading" / "gradebook.db").unlink()
    again = grade(course)
    assert not any(r["graded_now"] for r in again.values())
    assert sum(scores(course, CLASS[5]).values()) == FULL


def test_a_killed_command_leaves_nothing_and_the_next_one_completes_it(ungraded):
    command = Grading(ungraded)
    processes = command.wait_for(2)
    command.process.kill()
    command.end()
    assert not left_of(processes)
    before = kept(ungraded)
    results = grade(ungraded)
    assert {name: r["score"] for name, r in results.items()} == dict.fromkeys(CLASS, FULL)
    assert {name for name, r in results.items() if not r["graded_now"]} == before
    assert {name: sum(found.values()) for name, found in all_scores(ungraded).items()} == dict.fromkeys(CLASS, FULL)


def interrupt(command, processes):
    """Assert that an interrupt ends the command with a line, and all that belongs to it."""
    command.process.send_signal(signal.SIGINT)
    code, _, err = command.end()
    assert code == 1
    assert err.splitlines()[-1] == "gradstop: stopped; what was finished is kept"
    assert "Traceback" not in err
    assert not left_of(processes)


def test_an_interrupt_says_so_in_a_line_and_keeps_what_is_finished(ungraded):
    command = Grading(ungraded, "--jobs", "1")  # so that it is still at work
    interrupt(command, command.wait_for(2))
    assert len(kept(ungraded)) >= 2


def test_an_interrupt_while_the_solutions_are_observed_ends_it_at_once(ungraded):
    command = Grading(ungraded)
    interrupt(command, command.wait_for_keys())
    assert kept(ungraded) == set()


def test_a_warm_process_that_is_killed_while_the_solutions_are_observed_is_replaced(ungraded):
    command = Grading(ungraded)
    command.wait_for_keys()
    command.warm().kill()
    code, out, err = command.end()
    assert code == 0, err
    assert {r["student"]: r["score"] for r in json.loads(out)} == dict.fromkeys(CLASS, FULL)


def test_a_solution_that_fails_is_named(course):
    def spoil(notebook):
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == "one_path":
                cell["source"] = "def one_path(*_):\n    raise ValueError('not\\ntoday')"

    change(course / "solutions" / NAME / "detach.ipynb", spoil)
    done = run(course, "gradstop", "grade", NAME)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("gradstop: 03-detach's own code cannot be run, ValueError: one_path, case")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("which", ["a worker", "the warm process"])
def test_a_killed_process_costs_nobody_anything(ungraded, which):
    command = Grading(ungraded)
    command.wait_for(1)
    warm = command.warm()
    workers = [process for process in psutil.Process(command.process.pid).children() if process != warm]
    (warm if which == "the warm process" else workers[0]).kill()
    code, out, err = command.end()
    assert code == 0, err
    assert {r["student"]: r["score"] for r in json.loads(out)} == dict.fromkeys(CLASS, FULL)
    assert not any(r["lost"] for r in json.loads(out))


def echo(_, unit):
    return unit


@pytest.fixture
def executor(monkeypatch):
    monkeypatch.setattr(WarmProcess, "wait_until_warm", lambda warm_process: None)  # nothing here needs it
    with executor_for(2, "", Rules(sandboxed=False)) as local:
        yield local


UNITS = [(str(number), b"%d" % number) for number in range(8)]


def test_a_worker_that_is_lost_between_two_units_is_replaced(executor):
    assert list(executor.run(echo, b"", UNITS[:1])) == UNITS[:1]
    pool = executor._pool
    for worker in pool._processes.values():
        worker.kill()
    while not pool._broken:
        time.sleep(0.01)
    assert sorted(executor.run(echo, b"", UNITS)) == UNITS


def where(_, unit):
    time.sleep(0.1)  # until each worker has one
    return json.dumps([os.getpid(), sorted(os.sched_getaffinity(0))]).encode()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux says where a process may run")
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_each_worker_stays_on_one_processor_where_there_are_as_many_as_processors(monkeypatch, more):
    monkeypatch.setattr(WarmProcess, "wait_until_warm", lambda warm_process: None)
    there = sorted(os.sched_getaffinity(0))
    jobs = max(1, len(there) + more)
    with executor_for(jobs, "", Rules(sandboxed=False)) as local:
        units = [(str(number), b"") for number in range(2 * jobs)]
        workers = dict(json.loads(found) for _, found in local.run(where, b"", units))
    if jobs < len(there):
        assert set(map(tuple, workers.values())) == {tuple(there)}
    else:
        assert sorted({processor for (processor,) in workers.values()}) == there


def test_what_was_lost_with_an_earlier_pool_does_not_end_the_next_one(executor, monkeypatch):
    lost, submit, end = Future(), executor._submit, executor._end_pool
    lost.set_exception(BrokenProcessPool())
    ended = []
    first = iter([(lost, "an earlier pool")])
    monkeypatch.setattr(executor, "_submit", lambda *job: next(first, None) or submit(*job))
    monkeypatch.setattr(executor, "_end_pool", lambda: (ended.append(executor._pool), end()))
    assert sorted(executor.run(echo, b"", UNITS)) == UNITS
    assert ended == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_a_full_disk_is_named_and_nothing_finished_is_lost(ungraded):
    grading = ungraded / "grading"
    submitted = shutil.move(grading / "submitted", ungraded / "aside")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "small", str(grading)], check=True)
    try:
        shutil.copytree(submitted, grading / "submitted", ignore=shutil.ignore_patterns("reference.json"))
        done = run(ungraded, "gradstop", "grade", NAME)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "full" in done.stderr or "No space" in done.stderr, done.stderr
        subprocess.run(["mount", "-o", "remount,size=64m", str(grading)], check=True)
        before = kept(ungraded)
        results = grade(ungraded)
        assert {name: r["score"] for name, r in results.items()} == dict.fromkeys(CLASS, FULL)
        assert {name for name, r in results.items() if not r["graded_now"]} == before
    finally:
        subprocess.run(["umount", str(grading)], check=True)


# The gradebook cannot grow while a submission is entered.
FULL_GRADEBOOK = """
from sqlalchemy import text
from gradstop.cli import main
from gradstop.grading.nbgrader_bridge.gradebook_writer import GradebookWriter
enter = GradebookWriter._enter
def enter_on_a_full_disk(writer, outcome):
    writer._gradebook.db.execute(text("PRAGMA max_page_count = 1"))  # no more than there are
    for number in range(500):
        writer._gradebook.update_or_create_student(f"somebody {number}")
    return enter(writer, outcome)
GradebookWriter._enter = enter_on_a_full_disk
raise SystemExit(main(["grade", "03-detach"]))
"""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full is Linux's")
def test_where_neither_the_gradebook_nor_the_log_can_grow_no_traceback_is_shown(ungraded):
    log = ungraded / "grading" / "logs" / "gradstop.log"
    log.parent.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    log.symlink_to("/dev/full")
    done = run(ungraded, "python", "-c", FULL_GRADEBOOK)
    assert done.returncode == 1
    full = "The gradebook cannot be written: database or disk is full. Outcomes are kept; grade again."
    assert done.stderr.strip().splitlines()[-1] == f"gradstop: {full}"
    assert "Traceback" not in done.stderr
    assert dict.fromkeys(CLASS, FULL) == {name: result["score"] for name, result in grade(ungraded).items()}


def test_where_the_solution_cannot_earn_all_nobody_is_graded(ungraded):
    """What keeps it from that, here a limit, would cost every honest student the same."""
    done = run(ungraded, "gradstop", "grade", NAME, "--timeout", "0.001")
    assert done.returncode == 1
    assert "The solution of 03-detach does not earn all its points where submissions are run (stop: " in done.stderr
    assert all_scores(ungraded, NAME) == {}
    short = "--JudgedExecute.cell_timeout=0.001"
    done = run(ungraded, "nbgrader", "autograde", NAME, "--student", CLASS[0], short)
    assert "The solution of 03-detach does not earn all its points" in done.stderr
    assert all_scores(ungraded, NAME) == {}
    assert grade(ungraded, "--student", CLASS[0])[CLASS[0]]["score"] == FULL


def test_without_a_sandbox_it_says_so(course):
    done = run(course, "gradstop", "grade", NAME, "--student", CLASS[1], "--no-sandbox", "--force")
    assert done.returncode == 0, done.stderr
    assert "Graded without a sandbox: what students wrote ran as you." in done.stdout
    assert sum(scores(course, CLASS[1]).values()) == FULL


def test_where_no_sandbox_can_be_had_nothing_is_run(course, monkeypatch, capsys):
    from gradstop import cli
    from gradstop.grading.process import warm_process

    monkeypatch.setattr(warm_process, "missing", lambda: "there is no sandbox on this system. Grade on Linux")
    assert cli.main(["--root", str(course), "grade", NAME, "--force"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("gradstop: there is no sandbox on this system")
    assert "--no-sandbox" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--jobs", "0"], "--jobs is at least 1"),
        (["--scheduler", "tcp://127.0.0.1:1"], "does not answer"),
    ],
)
def test_a_mistake_in_the_options_gets_a_sentence(course, options, said):
    done = run(course, "gradstop", "grade", NAME, "--force", *options)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


PICTURE = """
import torch
import matplotlib.pyplot as plt
plt.figure(figsize=(10, 10))
plt.imshow(torch.rand(400, 400, 3))
"""
SHOWS = {
    "picture": f"{PICTURE}plt.show()\n",
    "html": "from IPython.display import HTML, display\ndisplay(HTML('<p>x</p>' * 400_000))\n",
    "repr": "from IPython.display import display\ndisplay('x' * 3_000_000)\n",
    "many": "from IPython.display import display\nfor _ in range(5_000): display('y' * 1_000)\n",
    "shell": "!echo from the shell\n",
    "check": "from gradstop import check\ncheck('stop')\ncheck('no exercise at all')\n",
}


def test_what_a_cell_shows_or_checks_costs_no_answer(ungraded):
    """A picture, a page, a long text, many outputs, an error text of megabytes, a check: each beside a right answer."""
    for student, source in SHOWS.items():
        hand_in(ungraded, student, {**SOLVED, "stop": source + SOLVED["stop"]})
    raising = f"{SOLVED['stop']}\nraise ValueError('z' * 3_000_000)"
    hand_in(ungraded, "error", {**SOLVED, "stop": raising})
    results = grade(ungraded)
    assert {name: results[name]["score"] for name in (*SHOWS, "error")} == dict.fromkeys((*SHOWS, "error"), FULL)
    assert not any(results[name]["lost"] for name in (*SHOWS, "error"))
    shown = (ungraded / "grading" / "autograded" / "html" / NAME / "detach.ipynb").read_text()
    assert "MB was left out here" in shown
    assert len(shown) < 200_000


STAMPS = {
    "plain": (b"2026-11-27 10:00:00 UTC", ""),
    "marked": (b"\xef\xbb\xbf2026-11-27 10:00:00 UTC\n", ""),
    "wide": ("2026-11-27 10:00:00 UTC".encode("utf-16"), ""),
    "empty": (b"", ""),
    "no date": (b"yesterday, I think", "timestamp.txt holds no date of one meaning: 'yesterday, I think'"),
    "number": (b"17000000000000000000", "timestamp.txt holds no date"),
    "long": (b"2026-11-27 10:00:00 UTC" + b" " * 1000, "timestamp.txt is no file of at most 100 bytes"),
    "pipe": (None, "timestamp.txt is no file of at most 100 bytes"),
    "link": ("/dev/zero", "timestamp.txt is no file of at most 100 bytes"),
}


def test_one_that_never_ends_is_graded_when_all_others_have_been_and_keeps_what_it_has_earned(ungraded):
    endless = {"cell_type": "code", "id": "x", "metadata": {}, "source": "while True: pass", "outputs": []}
    slow = (CLASS[0], CLASS[-1])
    for student in slow:
        notebook = ungraded / "grading" / "submitted" / student / NAME / "detach.ipynb"
        change(notebook, lambda notebook: notebook["cells"].append({**endless, "execution_count": None}))
    done = run(ungraded, "gradstop", "grade", NAME, "--json", "--timeout", "20")  # more than twice the others' share
    told = re.search(r"^graded last, as it takes long: (.*)", done.stderr, re.MULTILINE)
    assert told, done.stderr
    assert all(student in told[1] for student in slow)
    results = {result["student"]: result for result in json.loads(done.stdout)}
    assert {name: result["score"] for name, result in results.items()} == dict.fromkeys(CLASS, FULL)
    assert all("still running after 20 s" in results[student]["lost"][0] for student in slow)


def test_a_bad_timestamp_costs_that_submission_alone(ungraded):
    for student, (stamp, _) in STAMPS.items():
        path = hand_in(ungraded, student, SOLVED).with_name("timestamp.txt")
        if stamp is None:
            os.mkfifo(path)
        elif isinstance(stamp, str):
            path.symlink_to(stamp)
        else:
            path.write_bytes(stamp)
    results = grade(ungraded)
    for student, (_, problem) in STAMPS.items():
        assert problem in results[student]["problem"], student
        assert (results[student]["score"] is None) is bool(problem), student
    entered = all_scores(ungraded)
    assert {*CLASS, "plain", "marked", "wide", "empty"} <= set(entered)
    with closing(sqlite3.connect(ungraded / "grading" / "gradebook.db")) as database:
        stamps = dict(database.execute("SELECT student_id, timestamp FROM submitted_assignment"))
    assert {stamps[name][:19] for name in ("plain", "marked", "wide")} == {"2026-11-27 10:00:00"}
