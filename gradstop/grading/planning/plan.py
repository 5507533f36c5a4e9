"""Says what a run has to do: what is unchanged, what cannot be read, what is to be graded."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gradstop import logs
from gradstop.course import Assignment
from gradstop.grading.graded_submission import GradedSubmission
from gradstop.grading.intake.plain_files import UnreadableError, printable
from gradstop.grading.intake.submission import NothingHandedInError, Submission
from gradstop.grading.judging.bundle import version_of
from gradstop.grading.nbgrader_bridge.course import Course
from gradstop.grading.result_store import Kept, ResultStore
from gradstop.grading.rules import Rules

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunResult:
    """One submission of a run: its outcome, the score before where that was another, whether it was graded just now.

    ``handed_in`` is False for somebody who has handed in other assignments, and nothing for this one.
    """

    outcome: GradedSubmission
    before: float | None = None
    graded: bool = True
    handed_in: bool = True

    @property
    def changed(self) -> bool:
        """Whether an earlier score was another one."""
        return self.before is not None and not self.outcome.problem and abs(self.before - self.outcome.score) > 1e-9


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    Attributes:
        unchanged: what was graded before; neither it nor what judges it has changed.
        unreadable: what cannot be graded, with the reason.
        to_grade: the students whose submissions are graded.

    """

    unchanged: tuple[RunResult, ...]
    unreadable: tuple[RunResult, ...]
    to_grade: tuple[str, ...]


def plan_run(
    course: Course,
    assignment: Assignment,
    students: list[str],
    known: dict[str, Kept],
    store: ResultStore,
    rules: Rules | None,
) -> Plan:
    """Look at each submission and say which have to be graded; all that can be read where there are no ``rules``.

    What was kept stands where nothing has changed. An answer or a cell that may have failed by a limit is tried again
    under another one.
    """
    version = version_of(assignment)
    unchanged, unreadable, to_grade = [], [], []
    for student in students:
        try:
            fingerprint = read(course, assignment, student).fingerprint(version)
        except UnreadableError as reason:
            earlier = known.get(student)
            unreadable.append(unreadable_result(student, reason, earlier.score if earlier else None))
            continue
        earlier = known.get(student)
        refused = (
            earlier.refused if earlier and earlier.refused and earlier.refused.fingerprint == fingerprint else None
        )
        same = earlier is not None and earlier.fingerprint == fingerprint
        kept = refused or (store.outcome(assignment.name, student) if same and rules else None)
        if kept is not None and rules is not None and stands(kept, rules):
            before = earlier.score if earlier and refused else None
            unchanged.append(RunResult(kept.summary(), before, graded=False))
        else:
            to_grade.append(student)
    return Plan(tuple(unchanged), tuple(unreadable), tuple(to_grade))


def read(course: Course, assignment: Assignment, student: str) -> Submission:
    """Read a submission; what fails in reading it, whatever it is, costs this one only."""
    with reading(assignment, student):
        return course.read(assignment, student)


@contextmanager
def reading(assignment: Assignment, student: str) -> Iterator[None]:
    """Have whatever fails in reading a submission raise UnreadableError."""
    try:
        yield
    except UnreadableError:
        raise
    except Exception as error:
        _log.exception("%s, %s: reading failed", assignment.name, printable(student))
        raise UnreadableError(f"reading it failed: {type(error).__name__}, {logs.where()}") from None


def stands(kept: GradedSubmission, rules: Rules) -> bool:
    """Whether an outcome is complete, and no other limits could change it."""
    if kept.traceback:  # a fault of ours, which may have been mended
        return False
    is_full = not kept.lost and all(earned.score == earned.points for earned in kept.scores)
    return bool(kept.notebook or kept.problem) and (is_full or kept.limits in ({}, rules.limits_set()))


def unreadable_result(student: str, reason: UnreadableError, before: float | None = None) -> RunResult:
    """Return the result of a submission that cannot be read."""
    outcome = GradedSubmission(printable(student), "", problem=str(reason))
    return RunResult(outcome, before, graded=False, handed_in=not isinstance(reason, NothingHandedInError))
