"""Enters outcomes in nbgrader's gradebook, as ``nbgrader autograde`` does, and writes the graded notebooks.

nbgrader's own preprocessors decide what is entered (scores, "no response", late penalties); they share one connection
and one transaction for many submissions, where each would open its own and commit for each cell.
"""

import errno
import json
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import nbformat
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook, InvalidEntry, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata, NbGraderPreprocessor
from sqlalchemy.exc import IntegrityError, OperationalError, SAWarning
from traitlets.config import Config

from gradstop import logs
from gradstop.course import Assignment, CourseError
from gradstop.grading.extensions import Extensions, read_extensions
from gradstop.grading.graded_submission import GradedSubmission
from gradstop.grading.intake.timestamp import read_timestamp
from gradstop.grading.nbgrader_bridge.execute import JudgedExecute
from gradstop.grading.nbgrader_bridge.gradebook import cause, has_score, open_gradebook
from gradstop.grading.nbgrader_bridge.gradebook_lock import gradebook_lock
from gradstop.grading.nbgrader_bridge.patches import one_transaction, shared_gradebook

_log = logging.getLogger(__name__)
_FOR_ALL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # what a disk refuses to everybody
TRIES = 3
Result = TypeVar("Result")


class GradebookWriter:
    """Enters outcomes of one assignment, with one connection to the gradebook."""

    def __init__(self, config: Config, assignment: Assignment, gradebook: Gradebook) -> None:
        self._course = CourseDirectory(config=config)
        self._assignment = assignment
        self._gradebook = gradebook
        self._extensions = read_extensions(Path(self._course.root))
        self._steps = [_step(kind, config) for kind in _after_execution(config)]

    def entered(self) -> set[str]:
        """Return the students who have a submission of the assignment in the gradebook."""
        found = self._gradebook.assignment_submissions(self._assignment.name)
        return {submission.student_id for submission in found}

    def enter(self, outcomes: list[GradedSubmission]) -> dict[str, str]:
        """Enter these outcomes in one transaction, then write their notebooks.

        Where one of them cannot be entered each gets a transaction of its own, so that it costs that one only.

        Returns:
            Why the others are not entered, by student.

        Raises:
            CourseError: where the database or the disk takes nothing at all.

        """
        try:
            return self._enter_together(outcomes)
        except CourseError:
            raise
        except Exception:  # one of nbgrader's own steps, or what one submission holds
            _log.info("%s: entered one by one", self._assignment.name, exc_info=True)
        failed: dict[str, str] = {}
        for outcome in outcomes:
            try:
                failed |= self._enter_together([outcome])
            except CourseError:
                raise
            except Exception as error:
                _log.exception("%s, %s: not entered", self._assignment.name, outcome.student)
                failed[outcome.student] = f"{type(error).__name__}, {logs.where()}"
        return failed

    def _enter_together(self, outcomes: list[GradedSubmission]) -> dict[str, str]:
        notebooks = self._in_one_transaction(lambda: [(one.student, self._enter(one)) for one in outcomes])
        written = {student: self._write(student, notebook) for student, notebook in notebooks}
        return {student: problem for student, problem in written.items() if problem}

    def count_late_days_again(self, students: Iterable[str], extensions: Extensions) -> None:
        """Enter the extensions of these students, and what their submissions cost by being late.

        Raises:
            CourseError: where the database cannot take them; then nothing of them is entered.

        """

        def count() -> None:
            for student in students:
                self._count(student, extensions)

        self._in_one_transaction(count)

    def late_cost(self, student: str, score: float, moment: datetime | None) -> float:
        """Return what being late would cost a score, of an attempt that came at this moment in UTC."""
        due = self._gradebook.find_assignment(self._assignment.name).duedate
        if moment is None or due is None:
            return 0.0
        if until := self._extensions.of(self._assignment.name, student):
            due = until.astimezone(UTC).replace(tzinfo=None)
        else:
            with suppress(MissingEntry):  # one that was entered by hand
                due += self._gradebook.find_submission(self._assignment.name, student).extension or timedelta()
        late = (moment - due).total_seconds()
        for step in self._steps:
            if late > 0 and isinstance(step, AssignLatePenalties) and step.enabled:
                step.init_plugin()
                return min(max(step.plugin_inst.late_submission_penalty(student, score, late) or 0.0, 0.0), score)
        return 0.0

    def _in_one_transaction(self, enter: Callable[[], Result]) -> Result:
        """Do it while no other process enters anything, and again where one did that knows nothing of the lock."""
        for tries_left in reversed(range(TRIES)):
            try:
                with gradebook_lock(self._course.db_url), one_transaction(self._gradebook):
                    return enter()
            except (IntegrityError, InvalidEntry, OperationalError) as error:
                raised = error.__context__ if isinstance(error, InvalidEntry) else error  # of nbgrader's own commits
                if isinstance(raised, OperationalError):
                    raise CourseError(
                        f"The gradebook cannot be written: {cause(raised)}. Outcomes are kept; grade again."
                    ) from None
                if not tries_left:
                    raise
        raise AssertionError("the last try returns or raises")

    def _count(self, student: str, extensions: Extensions) -> None:
        with suppress(MissingEntry):  # who has not handed in
            submission = self._gradebook.find_submission(self._assignment.name, student)
            submission.extension = None
            extensions.enter(submission)
            for step in self._steps:
                if isinstance(step, AssignLatePenalties) and has_score(submission):
                    step(new_notebook(), self._resources(student))

    def _enter(self, outcome: GradedSubmission) -> Any:
        name, student = self._assignment.name, outcome.student
        self._gradebook.update_or_create_student(student)
        stamp = read_timestamp(Path(self._folder(self._course.submitted_directory, student)))
        submission = self._gradebook.update_or_create_submission(name, student)
        submission.timestamp = stamp  # none where the file is gone
        self._extensions.enter(submission)
        resources = self._resources(student)
        notebook = nbformat.reads(outcome.notebook, 4)
        session = self._gradebook.db
        for step in self._steps:
            with session.no_autoflush:  # all cells of a step at once, and not one by one
                notebook, resources = step(notebook, resources)  # does nothing where it is disabled
            session.flush()
        return notebook

    def _resources(self, student: str) -> dict[str, Any]:
        names = {"student": student, "assignment": self._assignment.name, "notebook": self._assignment.notebook.stem}
        return {"nbgrader": {**names, "db_url": self._course.db_url}}

    def _write(self, student: str, notebook: Any) -> str:
        """Write a graded notebook at once or not at all; return why it could not be.

        Raises:
            CourseError: where the disk takes nothing at all.

        """
        name = self._assignment.notebook.name
        folder = Path(self._folder(self._course.autograded_directory, student))
        unfinished = folder / f".{name}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
            unfinished.replace(folder / name)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink()
            said = f"{folder.parent.name}/{folder.name}/{name} cannot be written: {error.strerror}"
            if error.errno in _FOR_ALL:
                raise CourseError(f"{said}.") from None
            return said
        return ""

    def _folder(self, directory: str, student: str) -> str:
        return str(Path(self._course.root) / self._course.format_path(directory, student, self._assignment.name))


@contextmanager
def open_gradebook_writer(config: Config, assignment: Assignment) -> Iterator[GradebookWriter]:
    """Open the gradebook for entries.

    Raises:
        CourseError: where it cannot be opened.

    """
    with (
        open_gradebook(CourseDirectory(config=config)) as gradebook,
        shared_gradebook(gradebook),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, on how it fills its tables
        yield GradebookWriter(config, assignment, gradebook)


def _after_execution(config: Config) -> list[type[NbGraderPreprocessor]]:
    """Return the preprocessors that ``nbgrader autograde`` runs once the cells have run.

    All but the one that checks the marks of the cells: they have just been made from the template.
    """
    kinds: list[type[NbGraderPreprocessor]] = list(Autograde(config=config).autograde_preprocessors)
    return [kind for kind in kinds[kinds.index(JudgedExecute) + 1 :] if kind is not CheckCellMetadata]


def _step(kind: type[NbGraderPreprocessor], config: Config) -> NbGraderPreprocessor:
    step = kind(config=config)
    step.log = logging.Logger("gradstop.nbgrader")  # what it remarks on, the summary says
    step.log.addHandler(logging.NullHandler())  # without any, warnings are printed
    return step
