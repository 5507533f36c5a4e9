"""The course as nbgrader configures it: where submissions lie, and who has handed in."""

import os
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from gradstop.course import Assignment, CourseError
from gradstop.grading.intake.plain_files import beside
from gradstop.grading.intake.submission import Submission, read_submission
from gradstop.grading.nbgrader_bridge.register import course_config


@dataclass(frozen=True)
class Course:
    """The course at ``root``: nbgrader's configuration, and where submissions lie."""

    root: Path
    config: Config
    directories: CourseDirectory = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "directories", CourseDirectory(config=self.config))

    @property
    def submitted(self) -> Path:
        """Where submissions lie, a folder for each student."""
        return self.root / str(self.directories.submitted_directory)

    def handed_in(self, student: str = "*") -> list[str]:
        """Return who has a folder among the submissions."""
        return sorted(path.name for path in self.submitted.glob(student) if _is_students(path))

    def students(self, assignment: Assignment, student: str = "*") -> list[str]:
        """Return who has anything in the folder of submissions.

        A name whose accents are signs of their own, as an archive of macOS leaves it, is written as one first: else it
        would be another student than the same name elsewhere.

        Raises:
            CourseError: if nobody has.

        """
        for path in self.submitted.glob("*"):
            composed = path.with_name(unicodedata.normalize("NFC", path.name))
            if _is_students(path) and composed != path and not os.path.lexists(composed):
                with suppress(OSError):  # it is not graded then, and named
                    path.rename(composed)
        found = self.handed_in(unicodedata.normalize("NFC", student))
        if not found:
            place = self.submitted.relative_to(self.root) / ("STUDENT" if student == "*" else student)
            raise CourseError(
                f"There is no submission to grade: put one in {place}/{assignment.name}/{assignment.notebook.name}."
            )
        return found

    def read(self, assignment: Assignment, student: str) -> Submission:
        """Read a student's submission.

        Raises:
            UnreadableError: where it cannot be graded; the message says what would mend it.

        """
        return read_submission(student, self.submitted / student / assignment.name / assignment.notebook.name)

    def left_out(self, assignment: Assignment, student: str) -> list[str]:
        """Return what lies in a student's folder and is not taken along to be graded, each with the reason."""
        try:
            return beside(self.submitted / student / assignment.name / assignment.notebook.name)[1]
        except OSError:  # such a folder is not graded, and that is said
            return []


def open_course(root: Path) -> Course:
    """Return the course at ``root``.

    Raises:
        CourseError: where there is none.

    """
    return Course(root, course_config(root))


def _is_students(path: Path) -> bool:
    """Whether a folder is a student's: loose files are not, nor what an archive of macOS brings along."""
    return not path.name.startswith((".", "__MACOSX")) and (path.is_dir() or path.is_symlink())
