"""A check and a grading say the same of an answer, whatever honest people put round it."""

import json

import pytest
from support.classroom import hand_in, make_course, run
from support.decorations import DECORATIONS, RIGHT, WRONG, decorated

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("decorations")]
NAME = "03-detach"
# Runs each cell as a notebook does, in a fork of its own; prints how many cases agree.
CHECKS = """
import gc, json, os, select, signal, sys
import numpy, torch
from contextlib import suppress
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
from torch._dynamo.backends.debugging import aot_eager
from traitlets.config import Config
from gradstop.checking.check import run_check
from gradstop.checking.recording import read_recording
from gradstop.course import Assignment
recording = read_recording(Assignment(Path("exercises/03-detach").resolve()))
torch._TorchCompileInductorWrapper.__call__ = lambda _, model, inputs, **__: aot_eager(model, inputs)  # in no time
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.system = shell.system_raw
shell.enable_gui = lambda gui=None: None
shell.enable_matplotlib = lambda gui=None: (None, "inline")  # of a learner who has a backend for widgets
shell.push({"torch": torch, "numpy": numpy})
shown = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
gc.freeze()  # as where one is graded: a collection in a fork looks at what the answer made alone


def passed(source):
    shell.run_cell(source, store_history=True)
    return run_check(shell.user_ns["one_path"], recording, recording.references["one_path"]).passed


def in_a_fork(source):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        try:
            os.write(writing, json.dumps(passed(source)).encode() + b"\\n")
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading) as answer:  # no end of file is waited for: a process that an answer leaves would hold it up
        told = select.select([answer], [], [], 120)[0] and answer.readline()
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return json.loads(told or '"no answer"')


found = {name: in_a_fork(source) for name, source in json.loads(Path("cells.json").read_text()).items()}
os.write(shown, json.dumps(found).encode())
"""


def student(number, answer):
    return f"{'right' if answer == RIGHT else 'wrong'}-{number}"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("decorations") / "course", NAME, ["one_path"])


@pytest.fixture(scope="module")
def graded(course):
    """Return what ``gradstop grade`` says of each decoration on a right and on a wrong answer, by student."""
    for number, name in enumerate(DECORATIONS):
        for answer in (RIGHT, WRONG):
            hand_in(course, student(number, answer), {"one_path": decorated(name, answer)}, NAME)
    done = run(course, "gradstop", "grade", NAME, "--json")
    assert done.returncode == 0, done.stderr
    return {one["student"]: one for one in json.loads(done.stdout)}


@pytest.fixture(scope="module")
def checked(course):
    """Return how many cases agree in a check of the same, by student."""
    cells = {
        student(number, answer): decorated(name, answer)
        for number, name in enumerate(DECORATIONS)
        for answer in (RIGHT, WRONG)
    }
    (course / "cells.json").write_text(json.dumps(cells))
    done = run(course, "python", "-W", "ignore", "-c", CHECKS)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("number", range(len(DECORATIONS)), ids=list(DECORATIONS))
def test_a_check_and_a_grading_say_the_same(graded, checked, number):
    points = 3
    right, wrong = student(number, RIGHT), student(number, WRONG)
    assert (checked[right], graded[right]["exercises"]) == (points, {"one_path": float(points)})
    assert checked[wrong] < points
    assert graded[wrong]["exercises"] == {"one_path": float(checked[wrong])}
    assert not graded[right]["untrusted"]
    assert not graded[right]["lost"]
