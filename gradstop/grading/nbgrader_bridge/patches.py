"""What is replaced of nbgrader's insides for want of a setting: its gradebook, its commits, what it copies, its times.

What ``nbgrader_config.py`` asks for holds for nbgrader's own commands and for the formgrader too.

Tried with nbgrader 0.9.6 and SQLAlchemy 2.1.9; ``tests/contracts/test_nbgrader.py`` holds each assumption.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import nbgrader.api
import nbgrader.apps.api
import nbgrader.converters.base
from nbconvert.exporters import Exporter
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.apps.baseapp import NbGrader
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import latesubmissions, saveautogrades
from nbgrader.utils import find_all_files, is_ignored

from gradstop.grading.intake.plain_files import UnreadableError, beside, is_plain, printable
from gradstop.grading.intake.submission import NothingHandedInError, refuse_odd_folder
from gradstop.grading.intake.timestamp import read_timestamp
from gradstop.grading.nbgrader_bridge.gradebook import newest_schema
from gradstop.grading.nbgrader_bridge.gradebook_lock import gradebook_lock
from gradstop.logs import readable


class _Borrowed:
    """The open gradebook, for a preprocessor that would open one of its own and close it."""

    def __init__(self, gradebook: Gradebook) -> None:
        self._gradebook = gradebook

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gradebook, name)

    def __enter__(self) -> "_Borrowed":
        return self

    def __exit__(self, *_: object) -> None:
        pass


@contextmanager
def shared_gradebook(gradebook: Gradebook) -> Iterator[None]:
    """Have nbgrader's preprocessors work on the open gradebook."""
    modules = (latesubmissions, saveautogrades)
    for module in modules:
        module.Gradebook = lambda *_: _Borrowed(gradebook)
    try:
        yield
    finally:
        for module in modules:
            module.Gradebook = Gradebook


@contextmanager
def one_transaction(gradebook: Gradebook) -> Iterator[None]:
    """Let commits wait until the body has ended; take all back if it raises.

    What is new is numbered at once, for what follows refers to it.
    """
    session, commit = gradebook.db, gradebook.db.commit
    session.commit = lambda: session.flush() if session.new else None
    try:
        yield
    except BaseException:
        session.commit = commit
        session.rollback()
        raise
    session.commit = commit
    session.commit()


def copy_plain_files_only(submitted: Path | None = None) -> None:
    """Have nbgrader copy plain files alone from a submission: a link in it may point at anything of the instructor's.

    nbgrader copies all that lies beside the notebook, and has no setting for it. Below ``submitted`` it copies what
    ``gradstop grade`` takes, and refuses a folder as that does.
    """

    def plain(folder: str, exclude: list[str] | None = None) -> list[str]:
        if submitted is None or not Path(folder).is_relative_to(submitted):
            return [name for name in find_all_files(folder, exclude) if is_plain(Path(name))]
        refuse_odd_folder(Path(folder))
        taken, _ = beside(Path(folder, ".ipynb"))
        return [str(path) for path in taken if not is_ignored(str(path), exclude or [])]

    nbgrader.converters.base.find_all_files = plain


def one_gradebook_at_a_time() -> None:
    """Have each process alone make the gradebook's tables, and enter a student, a submission or an assignment."""
    if hasattr(Gradebook.__init__, "__wrapped__"):
        return  # a process may load the configuration more than once
    make = Gradebook.__init__

    @wraps(make)
    def made_alone(self: Gradebook, db_url: str, *arguments: Any, **named: Any) -> None:
        with gradebook_lock(db_url):
            make(self, db_url, *arguments, **named)

    Gradebook.__init__ = made_alone
    nbgrader.api.get_alembic_version = newest_schema  # asked while the others wait
    for name in ("update_or_create_student", "update_or_create_submission", "update_or_create_assignment"):
        setattr(Gradebook, name, _alone(getattr(Gradebook, name)))


def _alone(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def alone(self: Gradebook, *arguments: Any, **named: Any) -> Any:
        with gradebook_lock(self.engine.url.render_as_string(hide_password=False)):
            return method(self, *arguments, **named)

    return alone


def refuse_before_autograde(
    why: Callable[[Autograde, str, str], str], undo: Callable[[Autograde, str, str], None]
) -> None:
    """Have ``nbgrader autograde`` leave what cannot be graded as it is: it would make a submission with a score of 0.

    Args:
        why: says why the submission of an assignment by a student cannot be graded, or nothing.
        undo: is called for those that were begun, when all have been tried.

    """
    if hasattr(Autograde.init_destination, "__wrapped__"):
        return
    begin, convert = Autograde.init_destination, Autograde.convert_notebooks

    @wraps(begin)
    def begin_what_can_be_graded(self: Autograde, assignment: str, student: str) -> bool:
        if reason := why(self, assignment, student):
            self.log.error("%s, %s: not graded: %s", printable(student), assignment, reason)
            self.not_graded.append(student)
            return False
        begun = bool(begin(self, assignment, student))
        self.begun += [(assignment, student)] * begun
        return begun

    @wraps(convert)
    def convert_and_undo(self: Autograde) -> None:
        self.not_graded, self.begun = [], []
        for path in [path for path in self.assignments if "\n" in path]:  # nbgrader's pattern would not match it
            folder = Path(path)
            begin_what_can_be_graded(self, folder.name, folder.parent.name)
            del self.assignments[path]
        try:
            convert(self)
        finally:
            for assignment, student in self.begun:
                undo(self, assignment, student)
        if self.not_graded:
            raise NbGraderException(f"not graded: {', '.join(map(printable, self.not_graded))}")

    Autograde.init_destination, Autograde.convert_notebooks = begin_what_can_be_graded, convert_and_undo
    nbgrader.apps.api.capture_log = _in_a_sentence(nbgrader.apps.api.capture_log)


def say_what_a_terminal_may_show() -> None:
    """Have nbgrader's commands write their messages so: they quote folders' names, and what fails."""
    formatter = NbGrader._log_formatter_cls
    if hasattr(formatter.format, "__wrapped__"):
        return
    form = formatter.format

    @wraps(form)
    def readable_form(self: logging.Formatter, record: logging.LogRecord) -> str:
        record.msg, record.args = readable(record.getMessage()), None
        if record.exc_info:
            record.exc_text = readable(self.formatException(record.exc_info))
        return str(form(self, record))

    formatter.format = readable_form


def _in_a_sentence(capture: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Have the formgrader's dialogs show what was refused without the traceback; their log says why."""

    @wraps(capture)
    def captured(*arguments: Any, **named: Any) -> dict[str, Any]:
        found = capture(*arguments, **named)
        kind, _, said = found.get("error", "").strip().rpartition("\n")[2].partition(": ")
        return {**found, "error": said} if kind.endswith(("NbGraderException", "CourseError")) else found

    return captured


def read_times_alike() -> None:
    """Have nbgrader read when something was handed in as ``gradstop grade`` does; what says nothing sure is no time.

    nbgrader follows a link there and waits for a pipe, in the formgrader's list too.
    """

    def existing(self: CourseDirectory, folder: str) -> datetime | None:
        try:
            refuse_odd_folder(Path(folder))
            return read_timestamp(Path(folder))
        except NothingHandedInError:
            return None
        except (UnreadableError, OSError) as reason:
            self.log.warning("%s: %s", folder, reason)
            return None

    def submitted(self: NbGraderAPI, assignment: str, student: str) -> datetime | None:
        course = self.coursedir
        return existing(course, course.format_path(course.submitted_directory, student, assignment))

    CourseDirectory.get_existing_timestamp = existing
    NbGraderAPI.get_submitted_timestamp = submitted


def say_standing_in_lists(words: Callable[[Path, str, str | None], dict[str, str]]) -> None:
    """Have the formgrader's lists say beside its time what a hand-in's score is not, as that it is an earlier one's.

    Args:
        words: says it of an assignment in the course at a path by student, of one student where one is named.

    """
    if hasattr(NbGraderAPI.get_submissions, "__wrapped__"):
        return
    all_of, one_of = NbGraderAPI.get_submissions, NbGraderAPI.get_submission

    @wraps(all_of)
    def get_submissions(self: NbGraderAPI, assignment: str) -> list[dict[str, Any]]:
        said = words(Path(self.coursedir.root), assignment, None)
        return [_with_words(one, said) for one in all_of(self, assignment)]

    @wraps(one_of)
    def get_submission(self: NbGraderAPI, assignment: str, student: str, *more: Any, **named: Any) -> Any:
        found = one_of(self, assignment, student, *more, **named)
        if found is None or more or named:  # of a list
            return found
        return _with_words(found, words(Path(self.coursedir.root), assignment, student))

    NbGraderAPI.get_submissions, NbGraderAPI.get_submission = get_submissions, get_submission


def _with_words(submission: dict[str, Any], said: dict[str, str]) -> dict[str, Any]:
    """Return what the formgrader shows of a submission, with words in the place of its time."""
    told = "; ".join(filter(None, [submission.get("display_timestamp"), said.get(submission["student"])]))
    if not told:
        return submission
    return {**submission, "timestamp": submission.get("timestamp") or "", "display_timestamp": told}  # no words at null


def has_step(exporter: Exporter, kind: type) -> bool:
    """Whether an exporter has a preprocessor of this kind."""
    return any(isinstance(step, kind) for step in exporter._preprocessors)
