"""The course as nbgrader configures it: where submissions lie, and who has handed in."""

from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from gradstop.course import Assignment, CourseError
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

        Raises:
            CourseError: if nobody has.

        """
        found = self.handed_in(student)
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


def open_course(root: Path) -> Course:
    """Return the course at ``root``.

    Raises:
        CourseError: where there is none.

    """
    return Course(root, course_config(root))


def _is_students(path: Path) -> bool:
    """Whether a folder is a student's: loose files are not, nor what an archive of macOS brings along."""
    return not path.name.startswith((".", "__MACOSX")) and (path.is_dir() or path.is_symlink())
