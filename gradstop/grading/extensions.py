"""Until when a student may hand in, where that is later than the due date: ``grading/extensions.json``.

nbgrader keeps an extension with a submission, as a time after the due date. A student who has not handed in has none
there, and a moved due date would move it. So the moment is kept here, and entered in the gradebook with a submission.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from nbgrader.api import SubmittedAssignment

from gradstop.course import CourseError
from gradstop.course.data_file import read_data_file
from gradstop.course.write_whole import write_whole

NAME, FORMAT = Path("grading", "extensions.json"), 1


@dataclass
class Extensions:
    """The extensions of a course: by assignment and student until when, in UTC and with that zone."""

    until: dict[str, dict[str, datetime]] = field(default_factory=dict)
    format: int = FORMAT

    def of(self, assignment: str, student: str) -> datetime | None:
        """Return until when a student may hand in; None without an extension."""
        return self.until.get(assignment, {}).get(student)

    def enter(self, submission: SubmittedAssignment) -> None:
        """Enter a submission's extension in the gradebook; one that was entered there by hand stays."""
        moment, due = self.of(submission.name, submission.student_id), submission.assignment.duedate
        if due is None:
            submission.extension = None  # nbgrader adds it to the due date, which was taken away
        elif moment is not None:
            submission.extension = moment.astimezone(UTC).replace(tzinfo=None) - due


def read_extensions(root: Path) -> Extensions:
    """Return the extensions of the course at ``root``; none where there is no file.

    Raises:
        CourseError: where it is damaged, or of a later format.

    """
    mend = "Mend it, or move it away and say them again."
    return read_data_file(root, NAME, Extensions, FORMAT, mend) or Extensions()


@contextmanager
def changed_extensions(root: Path) -> Iterator[Extensions]:
    """Read the extensions, and write them when the body has changed them; another process waits meanwhile.

    Raises:
        CourseError: where they cannot be read or written.

    """
    path = root / NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = read_extensions(root)
            yield found
            write_whole(path, msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    except OSError as error:
        raise CourseError(f"{NAME} cannot be written: {error.strerror}.") from None
