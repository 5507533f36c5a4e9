"""Grades all submissions of an assignment, one after another, into nbgrader's gradebook."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from gradstop.course import CHECK, Assignment, CourseError, graded_cells
from gradstop.grading.complaints import complaints
from gradstop.grading.register import course_config, register


@dataclass(frozen=True)
class Result:
    """One submission: its score for each exercise, or why it could not be graded."""

    student: str
    scores: dict[str, float]
    problem: str = ""


@dataclass(frozen=True)
class Course:
    """The course at ``root``: nbgrader's configuration, and where submissions lie."""

    root: Path
    config: Config

    @property
    def submitted(self) -> Path:
        """Where submissions lie, a folder for each student."""
        return self.root / str(CourseDirectory(config=self.config).submitted_directory)

    def students(self, assignment: Assignment, student: str = "*") -> list[str]:
        """Return who has anything in the folder of submissions. Raises CourseError if nobody has."""
        found = sorted(path.name for path in self.submitted.glob(student) if not path.name.startswith("."))
        if not found:
            place = self.submitted.relative_to(self.root) / ("STUDENT" if student == "*" else student)
            raise CourseError(
                f"There is no submission to grade: put one in {place}/{assignment.name}/{assignment.notebook.name}."
            )
        return found

    def hindrance(self, assignment: Assignment, student: str) -> str:
        """Say why a submission cannot be graded before nbgrader has to, or nothing."""
        folder = self.submitted / student / assignment.name
        notebook = folder / assignment.notebook.name
        if not folder.is_dir():
            return f"there is no folder {student}/{assignment.name}"
        if not notebook.is_file():
            others = ", ".join(sorted(path.name for path in folder.glob("*.ipynb"))) or "no notebook"
            return f"{notebook.name} is expected, there is {others}"
        try:
            marked = {cell.grade_id for cell in graded_cells(notebook)}
        except (CourseError, KeyError, TypeError) as error:
            return str(error) if isinstance(error, CourseError) else f"{notebook.name} is no notebook"
        lost = [c.grade_id for c in graded_cells(assignment.notebook) if c.solution and c.grade_id not in marked]
        if lost:
            return f"the cells {', '.join(lost)} have lost nbgrader's mark: copy the answers into a fresh notebook"
        return ""


def open_course(root: Path) -> Course:
    """Return the course at ``root``. Raises CourseError where there is none."""
    return Course(root, course_config(root))


def grade(course: Course, assignment: Assignment, students: list[str]) -> Iterator[Result]:
    """Grade submissions and yield each result as it is in the gradebook.

    The assignment is first entered in the gradebook, or brought up to date there. A submission that cannot be
    graded is reported, and the others go on.
    """
    register(course.config, assignment.name)
    for student in students:
        problem = course.hindrance(assignment, student) or _autograde(course.config, assignment.name, student)
        scores = {} if problem else _scores(course.config, assignment.name, student)
        yield Result(student, scores, problem)


def _autograde(config: Config, assignment: str, student: str) -> str:
    """Run nbgrader's autograde for one student; return what went wrong, or nothing."""
    changed = Config(config)
    changed.CourseDirectory.assignment_id = assignment
    changed.CourseDirectory.student_id = student
    changed.Autograde.force = True
    converter = Autograde(coursedir=CourseDirectory(config=changed), config=changed)
    with complaints(converter) as found:
        converter.start()
    return found[0] if found else ""


def _scores(config: Config, assignment: str, student: str) -> dict[str, float]:
    course = CourseDirectory(config=config)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        submission = gradebook.find_submission(assignment, student)
        return {
            grade.name.removeprefix(CHECK): grade.score
            for notebook in submission.notebooks
            for grade in notebook.grades
        }
