"""Repeats one verdict from the setups that were kept with it."""

import re
from dataclasses import dataclass

from gradstop.compare import Reference, Verdict
from gradstop.course import Assignment, CourseError
from gradstop.grading.answer_key.request import repeated_answer_key
from gradstop.grading.assess import run_and_judge
from gradstop.grading.graded_submission import ExerciseScore, GradedSubmission
from gradstop.grading.intake.plain_files import UnreadableError
from gradstop.grading.intake.submission import read_cells
from gradstop.grading.judging.bundle import make_bundle
from gradstop.grading.judging.scoring import exercise_score
from gradstop.grading.nbgrader_bridge.course import Course
from gradstop.grading.process.shared import close_warm_processes, warm_process_for
from gradstop.grading.rules import Rules

_LIMIT = re.compile(r"after [\d.]+ s\b")


@dataclass(frozen=True)
class Repeated:
    """A verdict as it was kept, and what the same seeds give now.

    Attributes:
        kept: what was kept.
        now: what this time gives.
        verdict: this time's verdict.
        reference: what it was compared with.
        sections: the titles of the book's sections.
        unchanged: whether submission and assignment are what was graded.
        added: the titles of cases that were not there then, and are left out now.
        lost: what cells had to be left out this time.
        limits: the limits it was graded under, where this time's are others.

    """

    kept: ExerciseScore
    now: ExerciseScore
    verdict: Verdict
    reference: Reference
    sections: dict[str, str]
    unchanged: bool
    added: list[str]
    lost: list[str]
    limits: str = ""

    @property
    def same(self) -> bool:
        """Whether both verdicts say the same."""
        return _gist(self.kept) == _gist(self.now)


def repeat(
    course: Course, assignment: Assignment, kept: GradedSubmission, earned: ExerciseScore, rules: Rules
) -> Repeated:
    """Judge a student's exercise again under the seeds that were kept.

    Raises:
        CourseError: where the submission cannot be read any more, or nothing can be run.

    """
    try:
        submission = course.read(assignment, kept.student)
        cells = read_cells(submission.notebook, assignment.notebook.name)
    except UnreadableError as reason:
        raise CourseError(f"The submission of {kept.student} cannot be read any more: {reason}.") from None
    exercise = earned.exercise
    try:
        warm_process = warm_process_for(rules)
        key = repeated_answer_key(assignment, exercise, earned.setups, warm_process)
        bundle = make_bundle(assignment, {exercise: key}, course.root)
        attempt, judged = run_and_judge(bundle, bundle.template.restore(cells)["cells"], submission.files, warm_process)
    finally:
        close_warm_processes()
    return Repeated(
        earned,
        exercise_score(judged[exercise], key.reference, earned.points, ""),
        judged[exercise].verdict,
        key.reference,
        bundle.sections,
        submission.fingerprint(bundle.version) == kept.fingerprint,
        [title for case, title in key.titles.items() if case not in earned.setups],
        attempt.left_out(),
        _other_limits(kept.limits, rules.limits_set()),
    )


def _other_limits(kept: dict[str, float], now: dict[str, float]) -> str:
    return "" if kept in ({}, now) else f"{kept['timeout']:g} seconds, {kept['memory']:g} MiB"


def _gist(earned: ExerciseScore) -> tuple[object, ...]:
    """Return what a verdict says; it is not another one by the seconds after which a function was not waited for."""
    first = _LIMIT.sub("after its limit", earned.first)
    return earned.passed, earned.cases, first, earned.misconception, earned.trusted
