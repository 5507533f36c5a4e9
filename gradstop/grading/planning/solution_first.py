"""Has the solution graded before all submissions: where it does not earn all, none could, and none is graded."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from gradstop.course import Assignment, CourseError
from gradstop.grading.assess import Unit, grade_unit
from gradstop.grading.graded_submission import GradedSubmission
from gradstop.grading.intake.plain_files import beside, name_below
from gradstop.grading.intake.submission import Submission
from gradstop.grading.judging.bundle import GradingBundle, handed_out
from gradstop.grading.judging.scoring import why
from gradstop.grading.rules import Rules

_Lost = TypeVar("_Lost")  # stands in the place of a result that was lost
SOLUTION = ""  # in the place of a student's name, which is never empty
_proven = set[tuple[Assignment, str, Rules]]()


def solution_unit(assignment: Assignment, rules: Rules) -> tuple[str, bytes]:
    """Return the solution as a unit of work, with the files that students get beside their notebook."""
    ours = (assignment.cases.name, assignment.reference.name)
    notebook = handed_out(assignment)
    files = {name_below(notebook.parent, path): path.read_bytes() for path in beside(notebook)[0]}
    files = {name: data for name, data in files.items() if name not in ours}
    submission = Submission(SOLUTION, assignment.notebook.read_bytes(), files)
    return SOLUTION, msgspec.json.encode(Unit(submission, rules))


def once_the_solution_earns_all(
    results: Iterator[tuple[str, bytes | _Lost]], assignment: Assignment
) -> Iterator[tuple[str, bytes | _Lost]]:
    """Yield the results of submissions, those that come first as soon as the solution's is there.

    Raises:
        CourseError: where the solution does not earn all.

    """
    early: list[tuple[str, bytes | _Lost]] | None = []
    for name, data in results:
        if name == SOLUTION:
            _require_all(data, assignment)
            yield from early or ()
            early = None
        elif early is not None:
            early.append((name, data))
        else:
            yield name, data


def require_solution(bundle: GradingBundle, assignment: Assignment, rules: Rules) -> None:
    """Grade the solution in this process, once for each version of an assignment.

    Raises:
        CourseError: where it does not earn all.

    """
    if (key := (assignment, bundle.version, rules)) not in _proven:
        _require_all(grade_unit(msgspec.json.encode(bundle), solution_unit(assignment, rules)[1]), assignment)
        _proven.add(key)


def _require_all(data: object, assignment: Assignment) -> None:
    if not isinstance(data, bytes):
        lacking = "every process that ran it was lost"
    else:
        graded = msgspec.json.decode(data, type=GradedSubmission)
        missed = [f"{one.exercise}: {why(one, '')}" for one in graded.scores if one.score < one.points]
        lacking = graded.problem or "; ".join(missed)
    if lacking:
        raise CourseError(
            f"The solution of {assignment.name} does not earn all its points where submissions are run ({lacking}). "
            "So nobody is graded: no submission could either. More may be needed of --timeout or --memory; "
            "gradstop doctor says what is missing here."
        )
