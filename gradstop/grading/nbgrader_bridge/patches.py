"""What is replaced of nbgrader's insides for want of a setting: its gradebook, its commits, what it copies, its times.

Tried with nbgrader 0.9.6 and SQLAlchemy 2.1.9; ``tests/contracts/test_nbgrader.py`` holds each assumption.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import nbgrader.converters.base
from nbconvert.exporters import Exporter
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import latesubmissions, saveautogrades
from nbgrader.utils import find_all_files, is_ignored

from gradstop.grading.intake.plain_files import UnreadableError, is_plain
from gradstop.grading.intake.submission import NothingHandedInError, beside, refuse_odd_folder
from gradstop.grading.intake.timestamp import read_timestamp


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


def has_step(exporter: Exporter, kind: type) -> bool:
    """Whether an exporter has a preprocessor of this kind."""
    return any(isinstance(step, kind) for step in exporter._preprocessors)
