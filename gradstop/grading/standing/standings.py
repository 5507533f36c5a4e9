"""How the students of a course stand: the gradebook's scores beside what lies in the folder of submissions."""

from datetime import timedelta

from nbgrader.api import Gradebook, SubmittedAssignment

from gradstop.course import Assignment, CourseError, find_assignment
from gradstop.grading.intake.plain_files import UnreadableError, printable
from gradstop.grading.intake.submission import NothingHandedInError
from gradstop.grading.judging.bundle import version_of
from gradstop.grading.nbgrader_bridge.course import Course
from gradstop.grading.nbgrader_bridge.gradebook import has_score
from gradstop.grading.result_store import Kept, result_store_of
from gradstop.grading.standing.status import Standing, Status


def standings(course: Course, name: str, gradebook: Gradebook, student: str | None = None) -> dict[str, Standing]:
    """Return how each student stands in an assignment, by name as it can be shown: all who are known of, or one."""
    entered = {one.student_id: one for one in gradebook.assignment_submissions(name)}
    kept = result_store_of(course.root).kept(name)
    names = {*(one.id for one in gradebook.students), *entered, *kept, *course.handed_in()}
    if student is not None:
        names &= {student}
    try:
        assignment = find_assignment(course.root, name)
    except CourseError:  # of another course, or taken out
        return {one: _scored(entered[one], Status.GRADED) for one in sorted(entered) if has_score(entered[one])}
    version = version_of(assignment)
    return {
        printable(one): _standing(course, assignment, version, one, entered.get(one), kept.get(one))
        for one in sorted(names)
    }


def _standing(
    course: Course,
    assignment: Assignment,
    version: str,
    student: str,
    entered: SubmittedAssignment | None,
    kept: Kept | None,
) -> Standing:
    is_scored = entered is not None and has_score(entered)
    status, why = _compared(course, assignment, version, student, kept, is_scored)
    if entered is not None and is_scored:
        return _scored(entered, status, why, kept.attempts if kept else "")
    if kept is not None and kept.score is not None:
        return Standing(Status.NOT_YET, "it is graded, and not in the gradebook")
    return Standing(status, why)


def _compared(
    course: Course, assignment: Assignment, version: str, student: str, kept: Kept | None, is_scored: bool
) -> tuple[Status, str]:
    """Compare what lies in the folder with what is kept of it; say why where it was not that which was graded."""
    try:
        fresh = course.read(assignment, student).fingerprint(version)
    except NothingHandedInError as reason:
        return (Status.EARLIER, str(reason)) if is_scored else (Status.NOTHING, "")
    except UnreadableError as reason:
        return (Status.EARLIER if is_scored else Status.NOT_GRADED), str(reason)
    if kept is not None and (problem := kept.problem_with(fresh)):
        return (Status.EARLIER if is_scored else Status.NOT_GRADED), problem
    if not is_scored:
        return Status.NOT_YET, ""
    if kept is None or kept.fingerprint == fresh:  # nbgrader, or somebody by hand, may have graded it
        return Status.GRADED, ""
    return Status.CHANGED, ""


def _scored(entered: SubmittedAssignment, status: Status, why: str = "", attempts: str = "") -> Standing:
    penalty = entered.late_submission_penalty or 0.0
    return Standing(
        status,
        why,
        max(0.0, entered.score - penalty),
        timedelta(seconds=entered.total_seconds_late),
        penalty,
        bool(entered.needs_manual_grade),
        attempts,
    )
