"""A learner's own copy and progress."""

import json
import os
import shutil
import sys

import pytest
from support.course import ROOT, bench_of

from gradstop.checking.progress import assignments_in, next_step, progress
from gradstop.checking.workspace import start
from gradstop.cli import main

NAME = "03-detach"


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr("gradstop.checking.workspace._trust", lambda notebooks: None)
    shutil.copytree(ROOT / "exercises", tmp_path / "exercises")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
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


def test_the_commands_speak_in_sentences(root, capsys):
    assert main(["--root", str(root), "start", NAME]) == 0
    assert main(["--root", str(root), "progress"]) == 0
    assert "0 of 5 solved" in capsys.readouterr().out
    assert main(["--root", str(root), "progress", str(root)]) == 1
    assert "There is no assignment" in capsys.readouterr().err


def test_a_line_for_the_shell_costs_no_answer(root):
    start(root, NAME)
    lines = {
        "stop": "%time\n!ls\n",
        "scale_grad": "torch.sin?\nstop??\n",
        "one_path": "files = !ls\nassert files == []\n",
        "semi_gradient_mse": "if True:\n    !pip install x\n",
        "to_numpy_copy": "%%capture\nassert (7\n    % 4\n    != 2)\n",
    }
    solved = {cell.grade_id: cell.source for cell in bench_of(NAME).cells.values()}
    answer(root, **{name: line + solved[name] for name, line in lines.items()})
    assert [state.words() for state in states(root)] == ["solved"] * 5


@pytest.mark.parametrize("typed", ["3", NAME, "detach", f"work/{NAME}/detach.ipynb"])
def test_progress_of_one_is_asked_for_by_any_of_its_names(root, capsys, monkeypatch, typed):
    start(root, NAME)
    monkeypatch.chdir(root)
    monkeypatch.setattr("gradstop.checking.progress.progress", lambda *_: iter(()))
    assert main(["progress", typed]) == 0
    assert capsys.readouterr().out.startswith(f"{NAME}\n")
    assert main(["progress", "4"]) == 1
    assert f"There is no assignment begun '4'. There is: {NAME}." in capsys.readouterr().err


def write(root, text):
    (root / "work" / NAME / "detach.ipynb").write_text(text)


DAMAGED = ["{", "[]", "[" * 100_000, '{"cells": [3]}', '{"cells": [{"cell_type": "code"}]}']


@pytest.mark.parametrize("text", DAMAGED, ids=lambda text: text[:40])
def test_a_damaged_notebook_is_named_and_the_others_go_on(root, capsys, text):
    start(root, NAME)
    start(root, "08-memory")
    write(root, text)
    assert main(["--root", str(root), "progress"]) == 1
    said = capsys.readouterr().out
    assert "03-detach/detach.ipynb" in said
    assert "Keep it, as your answers may be in it. Once it is moved away, gradstop start 03-detach makes" in said
    assert "0 of 4 solved" in said.partition("08-memory")[2] or "0 of 5 solved" in said.partition("08-memory")[2]


def test_an_earlier_state_of_a_damaged_notebook_is_named_where_there_is_one(root, capsys):
    start(root, NAME)
    earlier = root / "work" / NAME / ".ipynb_checkpoints" / "detach-checkpoint.ipynb"
    earlier.parent.mkdir()
    earlier.touch()
    write(root, "{")
    assert main(["--root", str(root), "progress"]) == 1
    assert "An earlier state of it is .ipynb_checkpoints/detach-checkpoint.ipynb beside it" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["3.detach", "detach", "copy-of-mine"])
def test_a_renamed_folder_is_told_by_name(root, capsys, name):
    start(root, NAME)
    (root / "work" / NAME).rename(root / "work" / name)
    assert main(["--root", str(root), "progress"]) == 1
    assert f"the folder {name} was renamed: give it its own name again, such as 03-detach" in capsys.readouterr().out


@pytest.mark.parametrize("file", ["cases.py", "reference.json"])
def test_a_file_that_is_missing_is_named_and_hides_no_assignment(root, capsys, file):
    start(root, NAME)
    (root / "work" / NAME / file).unlink()
    assert main(["--root", str(root), "progress"]) == 1
    assert f"{NAME}/{file} is missing. gradstop start {NAME} copies" in capsys.readouterr().out


def test_a_notebook_in_another_encoding_is_told_to_be_saved_in_utf_8(root, capsys):
    start(root, NAME)
    notebook = root / "work" / NAME / "detach.ipynb"
    notebook.write_text(notebook.read_text(), encoding="utf-16")
    assert main(["--root", str(root), "progress"]) == 1
    assert "03-detach/detach.ipynb is not UTF-8 text: invalid start byte. Save it as UTF-8." in capsys.readouterr().out


def test_a_renamed_notebook_is_told_by_name(root, capsys):
    start(root, NAME)
    notebook = root / "work" / NAME / "detach.ipynb"
    notebook.rename(notebook.with_name("my detach.ipynb"))
    assert main(["--root", str(root), "progress"]) == 1
    assert "there is my detach.ipynb: give the one with your answers the name detach.ipynb" in capsys.readouterr().out


def test_a_changed_file_of_cases_is_no_traceback(root, capsys):
    start(root, NAME)
    (root / "work" / NAME / "cases.py").write_text("import nothing_of_this_name")
    assert main(["--root", str(root), "progress"]) == 1
    assert "gradstop start 03-detach" in capsys.readouterr().out


ENDLESS = """def stop(x):
    while True:
        try:
            while True:
                pass
        except Exception:
            pass
"""


def test_what_does_not_end_is_ended_and_the_others_go_on(root, monkeypatch):
    monkeypatch.setattr("gradstop.checking.progress.SECONDS", 0.5)
    start(root, NAME)
    solution = bench_of(NAME).cells["one_path"].source
    answer(root, stop=ENDLESS, scale_grad="while True: pass", one_path=solution, to_numpy_copy="exit()")
    found = {state.exercise: state.words() for state in states(root)}
    assert "look for a loop that never ends" in found["stop"]
    assert found["scale_grad"].startswith("its cell has not ended")
    assert found["one_path"] == "solved"
    assert found["to_numpy_copy"].startswith("its cell fails: SystemExit")


def test_inside_an_assignment_progress_is_of_this_one(root, capsys, monkeypatch):
    start(root, NAME)
    start(root, "08-memory")
    monkeypatch.chdir(root / "work" / NAME)
    assert main(["progress"]) == 0
    said = capsys.readouterr().out
    assert NAME in said
    assert "08-memory" not in said


AS_IN_A_NOTEBOOK = {
    "it waits": "import asyncio\nawait asyncio.sleep(0)\n{answer}",
    "it displays": "display(1)\n{answer}",
    "it asks for the shell": "get_ipython().run_line_magic('matplotlib', 'inline')\n{answer}",
    "it is the main module": "if __name__ == '__main__':\n    {answer}",
    "it looks up its own module": "import dataclasses\n@dataclasses.dataclass\nclass C:\n    x: 'int'\n{answer}",
    "its source is read": "import inspect\n{answer}\ninspect.getsource(stop)",
    "a thread runs on": "import threading, time\nthreading.Thread(target=time.sleep, args=(90,)).start()\n{answer}",
    "it reads what is typed": "import sys\nsys.stdin.read()\n{answer}",
    "it closes what it prints to": "import sys\nsys.stdout.close()\n{answer}",
}


@pytest.mark.parametrize("source", AS_IN_A_NOTEBOOK.values(), ids=AS_IN_A_NOTEBOOK)
def test_what_runs_in_a_notebook_runs_here(root, capsys, source):
    start(root, NAME)
    answer(root, stop=source.format(answer="def stop(x): return x.detach()"))
    assert main(["--root", str(root), "progress"]) == 0
    assert "  stop                    solved\n" in capsys.readouterr().out


def test_where_no_fork_is_safe_it_runs_in_this_process(root, capsys, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    start(root, NAME)
    answer(root, stop="def stop(x): return x.detach()")
    monkeypatch.setattr(os, "fork", None)
    assert main(["--root", str(root), "progress"]) == 0
    assert "  stop                    solved\n" in capsys.readouterr().out


def test_a_fault_of_ours_in_the_other_process_is_said_as_any(root, capsys, monkeypatch):
    def broken(*_):
        raise KeyError("a fault of ours")

    start(root, NAME)
    monkeypatch.setattr("gradstop.checking.progress.progress", broken)
    assert main(["--root", str(root), "progress", "--debug"]) == 1
    said = capsys.readouterr().err
    assert "this is a fault of gradstop's own: RuntimeError: KeyError: 'a fault of ours'" in said
    assert "in broken" in said


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("import os\nos._exit(0)", "exit status 0"),
        ("import os\nos.abort()", "Aborted"),
        ("import os\nos.kill(os.getpid(), 15)", "Terminated"),
    ],
)
def test_what_ends_python_is_said_and_the_others_go_on(root, capsys, source, how):
    start(root, NAME)
    start(root, "08-memory")
    answer(root, stop=source)
    assert main(["--root", str(root), "progress"]) == 1
    ended, others = capsys.readouterr().out.split("08-memory\n")
    assert f"Python ended ({how}) while the cell of stop ran" in ended
    assert "solved. Next: " in others


@pytest.mark.parametrize(
    "source",
    [
        "raise KeyboardInterrupt",
        "raise GeneratorExit",
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
        "raise ValueError('a\\n\\x1b[31m' * 500)",
    ],
)
def test_whatever_a_cell_raises_is_one_readable_line(root, source):
    start(root, NAME)
    answer(root, stop=source)
    words = states(root)[0].words()
    assert words.startswith("its cell fails: ")
    assert words.isprintable()
    assert len(words) < 250


@pytest.mark.parametrize("kept", [{}, {"nbgrader": None}, {"nbgrader": {"grade_id": None}}, None])
def test_a_notebook_from_another_editor_is_read(root, kept):
    """Some drop nbgrader's metadata, or all."""
    start(root, NAME)
    answer(root, stop="def stop(x): return x.detach()")
    path = root / "work" / NAME / "detach.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        cell["metadata"] = kept
    path.write_text(json.dumps(notebook))
    assert states(root)[0].solved
