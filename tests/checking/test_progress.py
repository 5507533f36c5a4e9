"""A learner's own copy and progress."""

import json
import shutil

import pytest
from support.course import ROOT, bench_of

from gradstop.checking.progress import assignments_in, next_step, progress
from gradstop.checking.workspace import start
from gradstop.cli import main
from gradstop.course import CourseError

NAME = "03-detach"


@pytest.fixture
def root(tmp_path):
    shutil.copytree(ROOT / "exercises", tmp_path / "exercises")
    return tmp_path


def answer(root, **sources):
    path = root / "work" / NAME / "detach.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = sources.get(name, cell["source"])
    path.write_text(json.dumps(notebook))


def states(root):
    (assignment,) = assignments_in(root / "work")
    return list(progress(assignment))


def test_progress_says_what_is_solved_and_what_to_try_next(root):
    start(root, NAME)
    solution = bench_of(NAME).cells["one_path"].source
    answer(root, one_path=solution, stop="%time\ndef stop(x):\n    return x.data", scale_grad="def scale_grad(:")
    found = states(root)
    assert {state.exercise: state.words().partition(":")[0] for state in found} == {
        "stop": "4 of 5 cases",
        "scale_grad": "its cell fails",
        "one_path": "solved",
        "semi_gradient_mse": "not begun",
        "to_numpy_copy": "not begun",
    }
    assert next_step(found).startswith("Next: stop. Read: chapter 3, “Data is not detach”")


def test_an_update_keeps_the_answers_and_renews_the_cases(root):
    start(root, NAME)
    answer(root, stop="mine")
    (root / "exercises" / NAME / "cases.py").write_text("# newer")
    assert "your answers are kept" in start(root, NAME)
    assert "mine" in (root / "work" / NAME / "detach.ipynb").read_text()
    assert (root / "work" / NAME / "cases.py").read_text() == "# newer"


def test_an_unknown_assignment_lists_those_there_are(root):
    with pytest.raises(CourseError, match=r"There is: .*03-detach"):
        start(root, "77-none")


def test_the_commands_speak_in_sentences(root, capsys):
    assert main(["--root", str(root), "start", NAME]) == 0
    assert main(["--root", str(root), "progress"]) == 0
    assert "03-detach: 0 of 5 solved" in capsys.readouterr().out
    assert main(["--root", str(root), "progress", str(root)]) == 1
    assert "There is no assignment" in capsys.readouterr().err


def test_a_damaged_notebook_is_named(root, capsys):
    start(root, NAME)
    (root / "work" / NAME / "detach.ipynb").write_text("{")
    assert main(["--root", str(root), "progress"]) == 1
    assert "03-detach/detach.ipynb, line 1" in capsys.readouterr().err
