"""Repeats one verdict from the setups that were kept with it."""

from dataclasses import dataclass

from gradstop.compare import Reference, Verdict
from gradstop.course import Assignment, CourseError
from gradstop.grading.assess import judge_cells, mark_of
from gradstop.grading.batch import Course
from gradstop.grading.keys import repeated_key
from gradstop.grading.outcome import Mark, Outcome
from gradstop.grading.paper import make_paper
from gradstop.grading.rooms import close_rooms, room_for
from gradstop.grading.rules import Rules
from gradstop.grading.submission import UnreadableError, read_cells


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

    kept: Mark
    now: Mark
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


def repeat(course: Course, assignment: Assignment, kept: Outcome, mark: Mark, rules: Rules) -> Repeated:
    """Judge a student's exercise again under the seeds that were kept.

    Raises CourseError where the submission cannot be read any more, or nothing can be run.
    """
    try:
        submission = course.read(assignment, kept.student)
        cells = read_cells(submission.notebook, assignment.notebook.name)
    except UnreadableError as reason:
        raise CourseError(f"The submission of {kept.student} cannot be read any more: {reason}.") from None
    exercise = mark.exercise
    try:
        room = room_for(rules)
        key = repeated_key(assignment, exercise, mark.setups, room)
        paper = make_paper(assignment, {exercise: key}, course.root)
        run, judged = judge_cells(paper, paper.template.restore(cells)["cells"], submission.files, room)
    finally:
        close_rooms()
    return Repeated(
        mark,
        mark_of(judged[exercise], key.reference, mark.points, ""),
        judged[exercise].verdict,
        key.reference,
        paper.sections,
        submission.fingerprint(paper.version) == kept.fingerprint,
        [title for case, title in key.titles.items() if case not in mark.setups],
        run.left_out(),
        _other_limits(kept.limits, rules.limits_set()),
    )


def _other_limits(kept: dict[str, float], now: dict[str, float]) -> str:
    return "" if kept in ({}, now) else f"{kept['timeout']:g} seconds, {kept['memory']:g} MiB"


def _gist(mark: Mark) -> tuple[object, ...]:
    return mark.passed, mark.cases, mark.first, mark.misconception, mark.trusted
