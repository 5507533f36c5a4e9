"""Grades all submissions of an assignment, one after another, into nbgrader's gradebook."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from gradstop.course import CHECK, Assignment, CourseError
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

    def students(self, assignment: Assignment, student: str = "*") -> list[str]:
        """Return who handed in the assignment. Raises CourseError if nobody did."""
        submitted = Path(CourseDirectory(config=self.config).submitted_directory)
        found = sorted(path.parent.name for path in (self.root / submitted).glob(f"{student}/{assignment.name}"))
        if not found:
            place = submitted / ("STUDENT" if student == "*" else student) / assignment.name
            raise CourseError(f"There is no submission to grade: put one in {place}/{assignment.notebook.name}.")
        return found


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
        problem = _autograde(course.config, assignment.name, student)
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
