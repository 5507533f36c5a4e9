"""check() as a learner meets it: in a notebook, at a prompt, in the wrong folder, with half an answer."""

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from support.course import ROOT

from gradstop.checking.check import check
from gradstop.checking.show import CheckFailed
from gradstop.course import Assignment

FOLDER = ROOT / "exercises" / "03-detach"


def run(source, name="stop", folder=FOLDER):
    """Define an answer in a namespace of its own and check it there."""
    namespace = {"check": check, "__name__": "learner", "folder": folder}
    exec(f"import torch\n{source}\ncheck({name!r}, folder=folder)", namespace)


def failure(source, name="stop", folder=FOLDER):
    with pytest.raises(CheckFailed) as caught:
        run(source, name, folder)
    return str(caught.value)


def test_a_right_answer_is_told_so(capsys):
    run("stop = torch.Tensor.detach")
    assert "stop: all 5 cases agree" in capsys.readouterr().out


def test_a_wrong_answer_is_told_where_it_parts_and_which_it_is(capsys):
    message = failure("def stop(x):\n    return x.data")
    said = " ".join(capsys.readouterr().out.split())
    assert "4 of 5 cases agree" in message
    assert "This behaves like `x.data`" in said
    assert "got x: receives" in said
    assert "expected raises RuntimeError" in said
    assert "Read: chapter 3, “Data is not detach”" in said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "There is no function stop yet"),
        ("stop = 3", "stop is int, not a function"),
        ("def stop(): pass", "stop is called as stop(x), and yours is written stop()"),
        ("def stop(x, y): pass", "yours is written stop(x, y)"),
        ("def stop(x):\n    raise NotImplementedError('stop')", "not written yet"),
        ("def stop(x):\n    return x.nonsense", "AttributeError"),
        ("def stop(x):\n    x.detach()", "Your function returns None: is a `return` missing?"),
        ("def stop(x):\n    return x.detach", "A tensor is asked for: call it, with ()"),
        ("def stop(x):\n    raise SystemExit", "SystemExit"),
        ("async def stop(x):\n    return x.detach()", "written `async def`"),
        ("def stop(x):\n    yield x.detach()", "It is a generator, of which nothing has run yet"),
        ("def stop(x):\n    return (part for part in x)", "It is a generator, of which nothing has run yet"),
        ("def Stop(x): pass", "Did you mean 'Stop'? That is what is defined; the exercise asks for stop."),
        ("def stop(x):\n    raise KeyboardInterrupt", "You stopped the check of stop"),
    ],
)
def test_a_slip_gets_a_sentence(source, said, capsys):
    message = failure(source) + capsys.readouterr().out
    assert said in message
    assert "Traceback" not in message


def test_what_torch_has_not_implemented_is_not_taken_for_the_stub(capsys):
    message = failure("def one_path(x, w):\n    return x.detach() * w + x ^ 2", "one_path")
    assert "0 of 3 cases agree" in message
    assert "not implemented for 'Float'" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("folder", sorted((ROOT / "exercises").glob("*-*")), ids=lambda folder: folder.name)
def test_each_stub_is_not_written_yet(folder):
    for name in json.loads((folder / "reference.json").read_text())["exercises"]:
        for message in (f"'{name}'", ""):
            said = failure(f"def {name}(*given):\n    raise NotImplementedError({message})", name, folder)
            assert said == f"{name} is not written yet: it raises NotImplementedError."


def test_a_stub_without_a_name_is_not_written_yet():
    assert "not written yet" in failure("def stop(x):\n    raise NotImplementedError")


def test_parameters_in_another_order_are_said(capsys):
    failure("def scale_grad(a, x):\n    return x.detach() + a * (x - x.detach())", "scale_grad")
    said = " ".join(capsys.readouterr().out.split())
    assert "is called as scale_grad(x, a), and yours is written scale_grad(a, x): in another order." in said
    run("def scale_grad(a, x):\n    return a.detach() + x * (a - a.detach())", "scale_grad")
    assert "another order" not in capsys.readouterr().out


def test_an_unknown_exercise_lists_those_there_are():
    assert "no exercise 'strop'. Did you mean 'stop'? It has: stop, scale_grad" in failure("", "strop")


def test_a_name_without_quotes_is_explained():
    with pytest.raises(CheckFailed, match="in quotes: check"):
        check(max)


def test_a_missing_return_is_said_once(capsys):
    failure("def stop(x):\n    x.detach()")
    said = capsys.readouterr().out
    assert said.count("is a `return` missing?") == 1
    assert len(said.splitlines()) < 12


def test_what_an_answer_prints_is_said_in_one_line(capsys):
    failure("def stop(x):\n    print('x is', x.shape)\n    print(x)")
    said = capsys.readouterr().out
    assert "x is torch.Size" in " ".join(said.split())
    assert said.count("x is torch.Size") == 1
    assert "What it prints is not looked at" in " ".join(said.split())
    assert "tensor([" not in said


def test_a_right_answer_that_prints_is_right(capsys):
    run("def stop(x):\n    print('here')\n    return x.detach()")
    said = " ".join(capsys.readouterr().out.split())
    assert "stop: all 5 cases agree" in said
    assert "the first: here" in said


def test_one_error_in_every_case_is_said_once(capsys):
    failure("def stop(x):\n    return numpy.array(x)")
    said = capsys.readouterr().out
    assert said.count("NameError") == 1
    assert "differs in every case" in said


def test_validate_is_told_the_first_difference(monkeypatch):
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    assert "the reference: raises RuntimeError" in failure("def stop(x):\n    return x.data")


def test_optional_parameters_are_welcome():
    run("def stop(x, *, really=True):\n    return x.detach()")


def test_a_folder_without_cases_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert "The cases are not in this folder" in failure("def stop(x): pass", folder=None)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("check()", 'Give the name of the exercise alone, in quotes: check("stop").'),
        ("check('one_path', print)", 'Give the name of the exercise alone, in quotes: check("one_path").'),
        ("check(print)", 'Write the name in quotes: check("print").'),
        ("check('stop', folder='nowhere')", "There is no folder nowhere: "),
        ("check('stop', folder='.')", "gradstop start NAME copies what it needs"),
    ],
)
def test_a_slip_in_the_call_gets_a_sentence(tmp_path, monkeypatch, call, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckFailed) as failed:
        exec(call, {"check": check})
    assert said in str(failed.value)


def copy_to(folder: Path) -> Path:
    shutil.copytree(FOLDER, folder / "03-detach")
    return folder / "03-detach"


def test_a_damaged_recording_is_named(tmp_path):
    folder = copy_to(tmp_path)
    (folder / "reference.json").write_text('{"exercises":\n')
    assert "reference.json, line 2" in failure("def stop(x): pass", folder=folder)
    (folder / "reference.json").write_text('{"format": 2, "exercises": {"stop": {}}}')
    assert "reference.json is damaged" in failure("def stop(x): pass", folder=folder)
    (folder / "reference.json").unlink()
    assert "reference.json is missing" in failure("def stop(x): pass", folder=folder)


def test_a_recording_of_another_version_is_refused_with_what_to_do(tmp_path):
    folder = copy_to(tmp_path)
    data = json.loads((folder / "reference.json").read_text())

    def refused(**changes):
        (folder / "reference.json").write_text(json.dumps({**data, **changes}))
        return failure("def stop(x): pass", folder=folder)

    assert "03-detach/reference.json is of an older form. gradstop start 03-detach copies" in refused(format=1)
    assert "is of a newer form than this gradstop can read: update gradstop" in refused(format=3)
    del data["format"]
    assert "is of an older form" in refused(late=[])
    shutil.copy(FOLDER / "reference.json", folder)
    (folder / "cases.py").write_text("")
    assert "reference.json has other cases than cases.py beside it" in failure("def stop(x): pass", folder=folder)


def test_another_torch_is_mentioned_when_something_differs(tmp_path, capsys):
    folder = copy_to(tmp_path)
    data = json.loads((folder / "reference.json").read_text())
    here = torch.__version__.partition("+")[0]
    for tried, said in (
        ({}, "it was not tried on this one"),
        ({"2.0.0": []}, "it was not tried on this one"),
        ({here: ["stop"]}, "known answers get other verdicts on this one"),
        ({here: ["scale_grad"]}, ""),
    ):
        (folder / "reference.json").write_text(json.dumps({**data, "torch": "1.0.0", "tried": tried}))
        failure("def stop(x):\n    return x.clone()", folder=folder)
        shown = " ".join(capsys.readouterr().out.split())
        assert ("recorded on torch 1.0.0" in shown) == bool(said)
        assert said in shown


def test_what_an_answer_returns_is_escaped_in_the_table():
    from gradstop.compare import as_html, verdict_on
    from gradstop.compare.reference import Reference, Trial
    from gradstop.record import Observation, Record, Setup

    wanted = Record("c", (), (Observation("it", "value", {"type": "str", "value": "x"}),))
    got = Record("c", (), (Observation("it", "value", {"type": "str", "value": "<script>alert(1)</script>"}),))
    reference = Reference("f", ("x",), {"c": "a title"}, {"c": (Trial((Setup(0), Setup(0)), wanted),)})
    html = as_html(verdict_on(reference, {"c": [got]}))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_report_has_coloured_signs_and_leads_to_the_section(tmp_path):
    from gradstop.checking.section_links import section_links
    from gradstop.compare import as_html, verdict_on
    from gradstop.compare.reference import Reference, Trial
    from gradstop.record import Observation, Record, Setup

    (tmp_path / "book").mkdir()
    (tmp_path / "book/03-detach.ipynb").touch()
    sections = {"03-detach#to-numpy": "chapter 3, “To NumPy, a copy”", "06-clone#x": "chapter 6, “X”"}
    with contextlib.chdir(tmp_path):
        links = section_links(Assignment(tmp_path / "work/03-detach"), sections)
    assert links == {"chapter 3, “To NumPy, a copy”": "book/03-detach.ipynb#To-NumPy,-a-copy"}

    def record(value, read="03-detach#to-numpy"):
        seen = Observation("it", "value", {"type": "str", "value": value}, read=read)
        return Record("c", (), (seen,))

    trial = Trial((Setup(0), Setup(0)), record("x"))
    reference = Reference("f", ("x",), {"c": "a title"}, {"c": (trial,)})
    wrong, right = (as_html(verdict_on(reference, {"c": [record(v)]}), sections, links) for v in "yx")
    assert '<caption><span class="differs">✗</span> f: 0 of 1' in wrong
    assert '<span class="differs">✗</span> differs when a title' in wrong
    assert '<a href="book/03-detach.ipynb#To-NumPy,-a-copy">chapter 3, “To NumPy, a copy”</a>' in wrong
    assert '<caption><span class="agrees">✓</span> f: all 1' in right


@pytest.mark.slow
def test_at_a_plain_prompt_there_is_no_traceback():
    lines = "from gradstop import check\ndef stop(x): return x.clone()\n\ncheck('stop')\nprint('goes on')\n"
    done = subprocess.run(
        [sys.executable, "-i", "-q"], input=lines, cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert "0 of 5 cases agree" in done.stdout
    assert "goes on" in done.stdout
    assert "CheckFailed: stop" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_in_a_notebook_there_is_a_table_and_one_line():
    cells = [
        "import torch\nfrom gradstop import check",
        "def stop(x):\n    return x.missing",
        'check("stop")',
        "stop = torch.Tensor.detach",
        'check("stop")',
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, allow_errors=True, resources={"metadata": {"path": FOLDER}}).execute()
    table, error = notebook.cells[2].outputs
    assert '<th scope="col">Your function</th>' in table["data"]["text/html"]
    assert "in line 2 of its cell" in " ".join(table["data"]["text/plain"].split())
    assert error["ename"] == "CheckFailed"
    assert error["traceback"] == ["CheckFailed: see the report above."]  # the verdict is said once
    (table,) = notebook.cells[4].outputs
    assert "all 5 cases agree" in table["data"]["text/html"]
