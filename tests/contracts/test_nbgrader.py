"""What `gradstop.grading.nbgrader_bridge.patches` relies on of nbgrader and SQLAlchemy, each assumption by its name."""

import logging
import os
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import nbgrader.api
import nbgrader.converters.base
import pytest
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, Execute, SaveAutoGrades, latesubmissions, saveautogrades
from nbgrader.utils import find_all_files
from sqlalchemy import text
from sqlalchemy.exc import SAWarning

from gradstop.grading.intake.plain_files import UnreadableError
from gradstop.grading.nbgrader_bridge import patches
from gradstop.grading.nbgrader_bridge.gradebook import newest_schema
from gradstop.grading.nbgrader_bridge.patches import (
    copy_plain_files_only,
    has_step,
    one_transaction,
    read_times_alike,
    shared_gradebook,
)

pytestmark = [
    pytest.mark.slow,  # nbgrader starts another program to make a gradebook
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings(f"ignore::{SAWarning.__module__}.{SAWarning.__name__}"),
]
MARK = {"grade": True, "solution": False, "locked": True, "task": False, "schema_version": 3, "grade_id": "check"}
CELL = new_code_cell("1", outputs=[new_output("stream", text="1\n")], metadata={"nbgrader": {**MARK, "points": 2}})


@pytest.fixture
def gradebook(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as made:
        made.add_assignment("one")
        made.add_notebook("sheet", "one")
        made.add_grade_cell("check", "sheet", "one", max_score=2, cell_type="code")
        made.add_student("ann")
        made.add_submission("one", "ann")
        yield made


def students(tmp_path):
    """Return who another connection sees."""
    with closing(sqlite3.connect(tmp_path / "gradebook.db")) as connection:
        return {name for (name,) in connection.execute("SELECT id FROM student")}


def entered_by(kind, gradebook):
    """Run a step of autograde that is told of another gradebook, which cannot be opened."""
    names = {"notebook": "sheet", "assignment": "one", "student": "ann", "db_url": "sqlite:////nowhere/gradebook.db"}
    step = kind()
    step.log = logging.Logger("silent")
    with shared_gradebook(gradebook):
        step.preprocess(new_notebook(cells=[CELL]), {"nbgrader": names})


def test_saveautogrades_opens_its_gradebook_by_the_name_in_its_module_and_as_a_context(gradebook):
    entered_by(SaveAutoGrades, gradebook)
    assert gradebook.find_grade("check", "sheet", "one", "ann").auto_score == 2
    assert saveautogrades.Gradebook is Gradebook


def test_assignlatepenalties_opens_its_gradebook_by_the_name_in_its_module_and_as_a_context(gradebook):
    gradebook.find_submission_notebook("sheet", "one", "ann").late_submission_penalty = 1.0
    entered_by(AssignLatePenalties, gradebook)
    assert gradebook.find_submission_notebook("sheet", "one", "ann").late_submission_penalty is None
    assert latesubmissions.Gradebook is Gradebook


def test_no_other_step_of_autograde_after_execute_opens_a_gradebook():
    steps = list(Autograde.autograde_preprocessors.default())
    modules = [sys.modules[step.__module__] for step in steps[steps.index(Execute) + 1 :]]
    assert {module for module in modules if hasattr(module, "Gradebook")} == {latesubmissions, saveautogrades}


def test_nbgrader_commits_by_the_commit_of_its_gradebook_s_session_and_by_nothing_else(gradebook, tmp_path):
    with one_transaction(gradebook):
        gradebook.update_or_create_student("ben")
        gradebook.update_or_create_submission("one", "ben")
        entered_by(SaveAutoGrades, gradebook)
        assert students(tmp_path) == {"ann"}
    assert students(tmp_path) == {"ann", "ben"}


def test_what_an_unfinished_transaction_has_entered_is_taken_back(gradebook, tmp_path):
    def fail():
        gradebook.update_or_create_student("ben")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), one_transaction(gradebook):
        fail()
    assert [student.id for student in gradebook.students] == ["ann"]
    gradebook.update_or_create_student("cyd")
    assert students(tmp_path) == {"ann", "cyd"}


def test_a_flush_numbers_what_is_new(gradebook):
    with one_transaction(gradebook):
        gradebook.update_or_create_student("ben")
        submission = gradebook.update_or_create_submission("one", "ben")
        assert submission.id
        assert submission.notebooks[0].id


def test_a_converter_copies_what_find_all_files_in_its_module_lists(tmp_path, monkeypatch):
    monkeypatch.setattr(
        nbgrader.converters.base, "find_all_files", find_all_files
    )  # whatever a configuration has put there
    source, result = tmp_path / "source", tmp_path / "result"
    source.mkdir()
    (source / "plain.txt").write_text("plain")
    (source / "sheet.ipynb").write_text("{}")
    (source / "link.txt").symlink_to(source / "plain.txt")
    converter = SimpleNamespace(
        _format_source=lambda *_: str(source),
        _format_dest=lambda *_: str(result),
        coursedir=SimpleNamespace(ignore=[]),
        log=logging.Logger("silent"),
    )
    BaseConverter.init_assignment(converter, "one", "ann")
    assert {path.name for path in result.iterdir()} == {"plain.txt", "link.txt"}
    (result / "link.txt").unlink()
    copy_plain_files_only()
    BaseConverter.init_assignment(converter, "one", "ann")
    assert {path.name for path in result.iterdir()} == {"plain.txt"}


def test_a_gradebook_makes_its_tables_when_it_is_opened_and_these_methods_enter_what_is_not_there(
    gradebook, tmp_path, monkeypatch
):
    locked = []
    names = ("__init__", "update_or_create_student", "update_or_create_submission", "update_or_create_assignment")
    for name in names:
        plain = getattr(Gradebook, name)
        monkeypatch.setattr(Gradebook, name, getattr(plain, "__wrapped__", plain))

    @contextmanager
    def lock(db_url):
        locked.append(db_url)
        yield

    monkeypatch.setattr(patches, "gradebook_lock", lock)
    patches.one_gradebook_at_a_time()
    patches.one_gradebook_at_a_time()
    url = f"sqlite:///{tmp_path / 'other.db'}"
    with Gradebook(url) as other:
        other.update_or_create_assignment("one")
        other.update_or_create_student("ann")
        other.update_or_create_submission("one", "ann")
        assert locked == [url] * 4
        assert other.find_submission("one", "ann").student_id == "ann"


def test_a_gradebook_asks_its_module_for_the_version_of_its_tables(monkeypatch, tmp_path):
    code = "from nbgrader.api import get_alembic_version; print(get_alembic_version())"
    variables = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True)
    assert done.stdout.split() == [newest_schema()]
    monkeypatch.setattr(nbgrader.api, "get_alembic_version", lambda: "asked")
    with Gradebook(f"sqlite:///{tmp_path / 'other.db'}") as other:
        assert other.db.execute(text("SELECT version_num FROM alembic_version")).scalar() == "asked"


def test_autograde_asks_init_destination_before_it_enters_anything(tmp_path, monkeypatch):
    for name in ("init_destination", "convert_notebooks"):
        plain = getattr(Autograde, name)
        monkeypatch.setattr(Autograde, name, getattr(plain, "__wrapped__", plain))
    undone, entered = [], []
    monkeypatch.setattr(Autograde, "init_assignment", lambda _, *names: entered.append(names))
    monkeypatch.setattr(Autograde, "convert_single_notebook", lambda *_: 1 / 0)
    patches.refuse_before_autograde(
        lambda _, assignment, student: "damaged" if student == "ben" else "", lambda _, *names: undone.append(names)
    )
    for student in ("ann", "ben"):
        folder = tmp_path / "submitted" / student / "one"
        folder.mkdir(parents=True)
        (folder / "sheet.ipynb").write_text("{}")
    course = CourseDirectory(root=str(tmp_path), assignment_id="one")
    converter = Autograde(coursedir=course)
    converter.log = logging.Logger("silent")
    with pytest.raises(NbGraderException):
        converter.start()
    assert entered == [("one", "ann")]
    assert undone == [("one", "ann")]
    assert converter.not_graded == ["ben"]


def test_the_files_of_a_submission_are_those_that_gradstop_grade_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(nbgrader.converters.base, "find_all_files", find_all_files)
    folder = tmp_path / "submitted" / "ann" / "one"
    (folder / "deep").mkdir(parents=True)
    for name in ("plain.txt", "ignored.pyc", "deep/file.txt", "sheet.ipynb"):
        (folder / name).write_text("")
    (tmp_path / "submitted" / "eve").symlink_to("ann")
    copy_plain_files_only(tmp_path / "submitted")
    found = nbgrader.converters.base.find_all_files
    assert found(str(folder), ["*.pyc", "*.ipynb"]) == [str(folder / "plain.txt"), str(folder / "deep/file.txt")]
    with pytest.raises(UnreadableError, match="eve is a link"):
        found(str(tmp_path / "submitted" / "eve" / "one"), [])


def test_a_converter_asks_its_course_for_the_time_of_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(CourseDirectory, "get_existing_timestamp", CourseDirectory.get_existing_timestamp)
    monkeypatch.setattr(NbGraderAPI, "get_submitted_timestamp", NbGraderAPI.get_submitted_timestamp)
    course, folder = CourseDirectory(root=str(tmp_path)), tmp_path / "submitted" / "ann" / "one"
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text("2027-03-05 21:00:00 Europe/Berlin")
    listed = NbGraderAPI(course)  # as the formgrader does
    before = course.get_existing_timestamp(str(folder))
    assert listed.get_submitted_timestamp("one", "ann") == before
    read_times_alike()
    assert course.get_existing_timestamp(str(folder)) == listed.get_submitted_timestamp("one", "ann") == before
    (folder / "timestamp.txt").unlink()
    os.mkfifo(folder / "timestamp.txt")
    assert course.get_existing_timestamp(str(folder)) is None
    assert listed.get_submitted_timestamp("one", "ann") is None


def test_an_exporter_keeps_its_preprocessors_as_objects():
    exporter = NotebookExporter()
    exporter.register_preprocessor(SaveAutoGrades, enabled=True)
    assert has_step(exporter, SaveAutoGrades)
    assert not has_step(exporter, Execute)
