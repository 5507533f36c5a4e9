"""What is replaced of nbgrader's insides for want of a setting: its gradebook, its commits, the list of what it copies.

Tried with nbgrader 0.9.6 and SQLAlchemy 2.1.9; ``tests/contracts/test_nbgrader.py`` holds each assumption.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbgrader.converters.base
from nbgrader.api import Gradebook
from nbgrader.preprocessors import latesubmissions, saveautogrades
from nbgrader.utils import find_all_files

from gradstop.grading.intake.plain_files import is_plain


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


def copy_plain_files_only() -> None:
    """Have nbgrader copy plain files alone from a submission: a link in it may point at anything of the instructor's.

    nbgrader copies all that lies beside the notebook, and has no setting for it.
    """

    def plain(folder: str, *arguments: Any) -> list[str]:
        return [name for name in find_all_files(folder, *arguments) if is_plain(Path(name))]

    nbgrader.converters.base.find_all_files = plain
