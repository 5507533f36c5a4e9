"""What is handed in: what it is, whose, when, and of which assignment."""

import contextlib
import json
import os
import subprocess
import unicodedata
from datetime import datetime

import msgspec
import pytest
from nbformat import from_dict
from support.classroom import SOLVED, hand_in, make_course, run
from support.course import ASSIGNMENTS, ROOT
from traitlets.config import Config

from gradstop.course import CHECK, CourseError, find_assignment, read_json
from gradstop.grading.command import with_progress
from gradstop.grading.graded_submission import ExerciseScore, GradedSubmission
from gradstop.grading.intake import submission
from gradstop.grading.intake.bounds import MAX_ANSWER, MAX_TEXT, MAX_TEXTS
from gradstop.grading.intake.plain_files import UnreadableError, beside
from gradstop.grading.intake.submission import NothingHandedInError, read_cells, read_submission
from gradstop.grading.intake.template import Template, text
from gradstop.grading.intake.timestamp import read_timestamp
from gradstop.grading.judging.bundle import handed_out, handed_out_template
from gradstop.grading.judging.token_digest import tokens_of
from gradstop.grading.nbgrader_bridge.course import open_course
from gradstop.grading.nbgrader_bridge.execute import RestoreCells
from gradstop.grading.planning.plan import stands
from gradstop.grading.result_store import result_store_of
from gradstop.grading.rules import Rules

NAME = "03-detach"
GIVEN = {
    "2027-03-05 21:00:00 UTC": "2027-03-05 21:00",
    "2027-03-05T21:00:00Z": "2027-03-05 21:00",
    "2027-03-05 21:00": "2027-03-05 21:00",
    "2027-03-05 21:00:00.123456 UTC": "2027-03-05 21:00",
    "2027-03-05 21:00 +0100": "2027-03-05 20:00",
    "2027-03-05T21:00:00.1234567+01:00": "2027-03-05 20:00",
    "2027-03-05T21:00:00+01:00": "2027-03-05 20:00",
    "2027-03-05 21:00:00 Europe/Berlin": "2027-03-05 20:00",
    "2027-07-05 21:00:00 America/Los_Angeles": "2027-07-06 04:00",
}
AMBIGUOUS = [
    *("03/05/2027 9:00 PM", "05.03.2027 21:00", "2027-03-05 09:00 CEST", "2027-03-05 9:00 PM", "21:00", "1700000000"),
    *(
        "2027-13-01 10:00 UTC",
        "2027-02-30 10:00 UTC",
        "2027-03-05 25:00 UTC",
        "2027-03-05 21:00 +0160",
        "2027-03-05 21:00 Nowhere/Town",
        "\x1b[2J",
    ),
]


@pytest.mark.parametrize(("text", "moment"), GIVEN.items(), ids=list(GIVEN))
def test_a_date_is_read_as_it_says(tmp_path, text, moment):
    (tmp_path / "timestamp.txt").write_text(text + "\n")
    assert read_timestamp(tmp_path).replace(second=0, microsecond=0) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_a_date_of_two_meanings_is_asked_for(tmp_path, text):
    (tmp_path / "timestamp.txt").write_text(text)
    with pytest.raises(UnreadableError, match="Write 2026-11-28 18:30:00 UTC") as refused:
        read_timestamp(tmp_path)
    assert str(refused.value).isprintable()


OTHERS = {
    "a zip": (b"PK\x03\x04rest", "is a zip archive: unpack it"),
    "nothing": (b"  \n", "is empty"),
    "a login": (b"<!DOCTYPE html><title>Sign in</title>", "is a web page, perhaps a login's"),
    "a conflict": (b'{\n<<<<<<< HEAD\n "cells": [\n=======\n>>>>>>> other\n', "has conflict markers"),
    "a PDF": (b"%PDF-1.7", "is a PDF"),
    "a RAR": (b"Rar!\x1a\x07\x01\x00", "is a RAR archive: unpack it"),
    "a page with a mark": (b"\xef\xbb\xbf<html>", "is a web page"),
    "a page in UTF-16": ("<!DOCTYPE html>".encode("utf-16"), "is a web page"),
    "a page that was saved": (b"<!-- saved from url=(0014) -->\r\n<html>", "is a web page"),
    "a program": (b"import torch\n", "is no notebook: it begins with 'import torch'"),
    "a pointer of git": (b"version https://git-lfs.github.com/spec/v1\n", "begins with 'version https://git-lfs"),
    "something else": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is no notebook: it is no text"),
    "a text of a word processor": (b"{\\rtf1", "is a text of a word processor"),
    "an upload that broke off": (bytes(5_000), "is empty"),
    "a link of Google Drive": (b'{"url": "", "doc_id": ""}', "it has no list of cells, but 'url', 'doc_id'"),
    "half a notebook": (b'{"cells": [', "line 1"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_notebook_is_called_by_its_name(name):
    data, words = OTHERS[name]
    with pytest.raises(UnreadableError, match=words):
        read_cells(data, "detach.ipynb")


def test_a_student_s_folder_that_is_a_link_is_not_followed(tmp_path):
    notebook = tmp_path / "ben" / NAME / "detach.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text("{}")
    (tmp_path / "eve").symlink_to("ben")
    with pytest.raises(UnreadableError, match="eve is a link, which"):
        read_submission("eve", tmp_path / "eve" / NAME / "detach.ipynb")
    assert read_submission("ben", notebook).notebook == b"{}"


def test_a_folder_of_very_many_files_is_not_listed(tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "MAX_ENTRIES", 5)
    (tmp_path / "eve" / NAME).mkdir(parents=True)
    notebook = tmp_path / "eve" / NAME / "detach.ipynb"
    notebook.write_text("{}")
    for number in range(4):
        (notebook.parent / f"{number}.txt").write_text("")
    assert len(read_submission("eve", notebook).files) == 4
    (notebook.parent / "4.txt").write_text("")
    with pytest.raises(UnreadableError, match="more than 5 files"):
        read_submission("eve", notebook)


@pytest.mark.parametrize("number", [1, 100])
def test_markdown_that_feedback_would_convert_for_long_is_cut_with_a_note(number):
    assignment = find_assignment(ROOT, NAME)
    texts = [{"cell_type": "markdown", "metadata": {}, "source": "![" * 75_000}] * number
    restored = handed_out_template(assignment).restore([*cells_of(assignment), *texts])
    cut = [cell["source"] for cell in restored["cells"] if "(cut: " in cell["source"]]
    assert len(cut) == number
    assert sum(map(len, cut)) <= min(2 * number * MAX_TEXT, MAX_TEXTS) + number * 100


def test_an_answer_too_long_to_be_parsed_has_no_tokens():
    answer = "x=" * (MAX_ANSWER // 2 - 1) + "1"
    assert tokens_of(answer).startswith(f"{MAX_ANSWER - 1}:")
    assert tokens_of(answer + " " * 5_000_000) == ""


def test_what_lies_there_in_the_place_of_a_notebook_is_named(tmp_path):
    folder = tmp_path / "ann" / NAME
    (folder / "detach").mkdir(parents=True)
    for name in ("detach.ipynb.txt", "answers.py", "notes\x1b.ipynb", ".DS_Store"):
        (folder / name).write_text("")
    with pytest.raises(UnreadableError, match=r"there is notes\?\.ipynb, answers\.py, detach/, detach\.ipynb\.txt$"):
        read_submission("ann", folder / "detach.ipynb")


@pytest.mark.parametrize("there", ["detach.ipynb", "03 Detach/detach.ipynb", "detach/detach.ipynb"])
def test_what_lies_there_in_the_place_of_the_folder_is_named(tmp_path, there):
    path = tmp_path / "ann" / there
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    (tmp_path / "ann" / "04-detach-in-place").mkdir()
    with pytest.raises(UnreadableError, match=f"but ann/{there.split('/')[0]}: put the notebook into {NAME}$") as said:
        read_submission("ann", tmp_path / "ann" / NAME / "detach.ipynb")
    assert not isinstance(said.value, NothingHandedInError)
    path.unlink()
    path.parent.rename(tmp_path / "ann" / "05-no-grad") if path.parent.name != "ann" else None
    with pytest.raises(NothingHandedInError):
        read_submission("ann", tmp_path / "ann" / NAME / "detach.ipynb")


def cells_of(assignment):
    return read_json(handed_out(assignment))["cells"]


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda assignment: assignment.name)
def test_the_notebook_of_another_assignment_is_known(assignment):
    template = handed_out_template(assignment)
    assert {other.name for other in ASSIGNMENTS if not template.is_of_another(cells_of(other))} == {assignment.name}


def test_a_notebook_that_has_lost_its_marks_is_still_of_the_assignment():
    template = Template(read_json(handed_out(find_assignment(ROOT, NAME))))
    bare = [{"cell_type": "code", "source": "def stop(x):\n    return x.detach()"}]
    assert not template.is_of_another(bare)
    assert template.is_of_another([{"cell_type": "code", "source": "print(1)"}])


@pytest.mark.parametrize("change", ["moved", "removed", "not marked"])
def test_the_setup_stands_before_all_answers(change):
    assignment = find_assignment(ROOT, NAME)
    setup, *others = [cell for cell in cells_of(assignment) if cell["metadata"].get("nbgrader")]
    own = {"cell_type": "code", "metadata": {}, "source": "import numpy"}
    handed_in = {"moved": [own, *others, setup], "removed": [own, *others], "not marked": [own]}[change]
    restored = handed_out_template(assignment).restore(handed_in)["cells"]
    marks = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in restored]
    expected = [cell["metadata"]["nbgrader"]["grade_id"] for cell in [setup, *others]]
    if change == "not marked":
        expected = [mark for mark in expected if mark == "setup" or mark.startswith(CHECK)]
    assert [mark for mark in marks if mark] == expected
    assert marks.index(None) == (0 if change == "moved" else 1)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("stop = torch.Tensor.detach\ncheck('stop')", True),  # an editor that knows no locked cells lets an answer in
        ('check("stop")\n', False),
        ("", False),
    ],
)
def test_what_stands_in_the_place_of_a_check_is_run_too(written, kept):
    assignment = find_assignment(ROOT, NAME)
    handed_in = cells_of(assignment)
    next(cell for cell in handed_in if text(cell) == 'check("stop")')["source"] = written
    restored = handed_out_template(assignment).restore(handed_in)["cells"]
    assert (written in [cell["source"] for cell in restored if not cell["metadata"]]) == kept
    assert 'check("stop")' in [cell["source"] for cell in restored if cell["metadata"]]


def test_nbgrader_s_own_way_refuses_the_notebook_of_another_assignment_too():
    restore = RestoreCells(config=Config({"CourseDirectory": {"root": str(ROOT)}}))
    own, other = (from_dict(read_json(handed_out(find_assignment(ROOT, name)))) for name in (NAME, "02-requires-grad"))
    resources = {"nbgrader": {"assignment": NAME}}
    assert restore.preprocess(own, resources)[0].cells
    with pytest.raises(UnreadableError, match="this is no notebook of 03-detach"):
        restore.preprocess(other, resources)


def test_no_limit_of_time_is_one_that_can_be_written():
    rules = Rules.of_course(ROOT, find_assignment(ROOT, NAME), timeout=float("inf"))
    assert msgspec.json.decode(msgspec.json.encode(rules), type=Rules) == rules


def test_an_assignment_is_found_as_a_shell_completes_it():
    assert find_assignment(ROOT, f"{NAME}/") == find_assignment(ROOT, NAME)


def test_loose_files_and_what_macos_packs_are_no_students(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    for name in ("ann", "__MACOSX", ".git"):
        (tmp_path / "grading" / "submitted" / name).mkdir(parents=True)
    (tmp_path / "grading" / "submitted" / "class.csv").write_text("")
    assert open_course(tmp_path).handed_in() == ["ann"]


def test_what_may_have_failed_by_a_limit_is_graded_again_under_another():
    rules, other = Rules(), Rules(cell=60.0)
    full = GradedSubmission("ann", "f", [ExerciseScore("stop", 5.0, 5.0, 5, 5)], "{}", limits=rules.limits_set())
    assert stands(full, other)
    missed = GradedSubmission("ann", "f", [ExerciseScore("stop", 0.0, 5.0, 0, 5)], "{}", limits=rules.limits_set())
    assert stands(missed, rules)
    assert not stands(missed, other)
    assert not stands(
        GradedSubmission("ann", "f", full.scores, "{}", lost=["cell 3"], limits=rules.limits_set()), other
    )


def test_progress_is_said_in_lines_where_there_is_no_terminal(capsys):
    assert list(with_progress(iter(range(25)), 25)) == list(range(25))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert (lines[0], lines[-1]) == ("grading: 3 of 25", "grading: 25 of 25")


@pytest.mark.slow
@pytest.mark.xdist_group("intake")
def test_a_class_with_all_of_that(tmp_path):
    course = make_course(tmp_path / "course", NAME, ["stop", "one_path"])
    hand_in(course, "ann", {**SOLVED, "stop": "def stopp(x):\n    return x.detach()"})
    hand_in(course, "ben", SOLVED)
    hand_in(course, "dan", {**SOLVED, "one_path": "one_path = 5", "stop": f"1 / 0\n{SOLVED['stop']}"})
    other = hand_in(course, "cyd", SOLVED)
    other.write_text((ROOT / "exercises" / "02-requires-grad" / "requires-grad.ipynb").read_text())
    (course / "grading" / "submitted").joinpath("loose.txt").write_text("")
    strange = (course / "grading" / "submitted" / "zo").with_name("zo\udceb")
    strange.mkdir()
    first = run(course, "gradstop", "grade", f"{NAME}/", "--why")
    assert first.returncode == 1
    assert "stop: its cell defines" in first.stdout or "Did you mean 'stopp'?" in first.stdout
    assert "this is no notebook of 03-detach: none of its exercises is in it" in first.stdout
    assert "zo?" in first.stdout
    reason = "its cell stops with ZeroDivisionError: division by zero"
    assert f"stop: {reason}" in first.stdout
    assert "raises NameError (what has this name is int, and no function)" in first.stdout
    assert reason in run(course, "gradstop", "explain", "dan", "stop").stdout
    (course / "grading" / "submitted" / "ben" / NAME / "detach.ipynb").write_bytes(b"PK\x03\x04")
    second = run(course, "gradstop", "grade", NAME)
    assert "is a zip archive: unpack it" in second.stdout
    assert "earlier hand-in: the gradebook keeps its 8" in second.stdout
    third = json.loads(run(course, "gradstop", "grade", NAME, "--json", "--timeout", "60").stdout)
    assert {one["student"]: one["graded_now"] for one in third}["ann"]
    for command in (["report", NAME], ["report", NAME, "--anonymous"], ["export"], ["export", "--format", "moodle"]):
        done = run(course, "gradstop", *command)
        assert done.returncode == 0, done.stderr
    assert reason in (course / "grading" / "reports" / f"{NAME}.html").read_text()
    assert reason in (course / "grading" / "autograded" / "dan" / NAME / "detach.ipynb").read_text()  # the feedback
    assert {path.name for path in (course / "grading" / "reports").iterdir()} == {
        "03-detach.html",
        "03-detach-anonymous.html",
    }


def test_what_is_not_taken_along_is_named(tmp_path):
    folder = tmp_path / "o'brien" / NAME
    (folder / "data/of/a/rather/deep/one").mkdir(parents=True)
    for cache in ("__pycache__", ".git"):
        (folder / cache).mkdir()
    names = ["detach.ipynb", "old.ipynb", "helper.py", ".DS_Store", "data/rows.csv", "data/old.ipynb", "data/of/a/x"]
    for name in (*names, "__pycache__/x", ".git/x"):
        (folder / name).write_text("{}")
    (folder / "link.csv").symlink_to("/etc/passwd")
    (folder / "data" / "elsewhere").symlink_to("/etc")
    taken, left_out = beside(folder / "detach.ipynb")
    expected = [".DS_Store", "helper.py", "data/rows.csv", "data/of/a/x"]
    assert [str(path.relative_to(folder)) for path in taken] == expected
    assert left_out == [
        "link.csv (a link, a pipe or a device)",
        "old.ipynb (another notebook)",
        "data/elsewhere (a link, a pipe or a device)",
        "data/old.ipynb (another notebook)",
        "data/of/a/rather/deep/one (more than 5 folders deep)",
    ]
    assert [*read_submission("o'brien", folder / "detach.ipynb").files] == expected


def test_a_name_is_one_student_s_however_its_accents_are_coded(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    submitted = tmp_path / "grading" / "submitted"
    (submitted / unicodedata.normalize("NFD", "zoë") / NAME).mkdir(parents=True)
    course, assignment = open_course(tmp_path), find_assignment(ROOT, NAME)
    assert course.students(assignment) == [unicodedata.normalize("NFC", "zoë")]
    assert course.students(assignment, unicodedata.normalize("NFD", "zoë")) == [
        path.name for path in submitted.iterdir()
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_results_on_a_disk_that_became_full_are_said_to_be(tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "small", str(tmp_path)], check=True)
    try:
        result_store_of(tmp_path)
        with (tmp_path / "rest").open("wb", buffering=0) as rest, contextlib.suppress(OSError):
            while rest.write(bytes(4096)):
                pass
        with pytest.raises(CourseError, match=r"grading/results\.db: .*full"):
            result_store_of(tmp_path).kept(NAME)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_results_that_cannot_be_written_are_said_in_a_sentence(tmp_path):
    (tmp_path / "grading" / "results.db").mkdir(parents=True)
    with pytest.raises(CourseError, match=r"grading/results\.db: cannot be written: let your user write to grading/"):
        result_store_of(tmp_path)
