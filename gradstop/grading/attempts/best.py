"""Of a student's attempts grades each, and lets the best count; for assignments that were collected with that wish.

The attempt that counts lies in ``grading/submitted``, the others in ``grading/attempts``. The outcome of each is kept
in ``results.db``, under the assignment's name and what was handed in, so that none is graded twice.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from gradstop.course import Assignment, CourseError
from gradstop.grading.collecting.notebooks import NEVER
from gradstop.grading.collecting.placing import BESIDE, places_of
from gradstop.grading.graded_submission import GradedSubmission
from gradstop.grading.intake.plain_files import UnreadableError, printable
from gradstop.grading.intake.submission import NothingHandedInError, Submission, read_submission
from gradstop.grading.intake.timestamp import read_timestamp
from gradstop.grading.judging.bundle import version_of
from gradstop.grading.nbgrader_bridge.course import Course
from gradstop.grading.planning.plan import reading
from gradstop.grading.platforms.class_list import read_class
from gradstop.grading.result_store import ResultStore

_log = logging.getLogger(__name__)
Costs = Callable[[str, float, datetime | None], float]  # a student, a score, when it came: what being late costs


@dataclass(frozen=True)
class Tried:
    """One attempt: where it lies, when it came, under which name its outcome is kept, or why it cannot be read."""

    folder: Path
    moment: datetime | None = None
    key: str = ""
    fingerprint: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Choice:
    """What counts for a student: an outcome with the trace of all attempts, and whether it is another than before."""

    outcome: GradedSubmission
    is_new: bool


class BestAttempts:
    """The students of a run who have several attempts of which the best is to count.

    Attributes:
        students: by name all attempts of each.

    """

    def __init__(self, course: Course, assignment: Assignment, students: list[str], store: ResultStore) -> None:
        self._course, self._assignment, self._store = course, assignment, store
        self._version = version_of(assignment)
        self.students: dict[str, list[Tried]] = {}
        if assignment.name in read_class(course.root).best:
            found = {student: list(self._attempts(student)) for student in students}
            self.students = {student: tried for student, tried in found.items() if len(tried) > 1}

    def read(self, student: str, tried: Tried) -> Submission:
        """Read an attempt.

        Raises:
            UnreadableError: where it cannot be graded.

        """
        return read_submission(student, tried.folder / self._assignment.notebook.name)

    def to_grade(self, student: str, stands: Callable[[GradedSubmission], bool]) -> list[Tried]:
        """Return which attempts are still to be graded; ``stands`` says whether an outcome that is kept is final."""
        counting = self._store.outcome(self._assignment.name, student)
        wanted = []
        for tried in self.students[student]:
            if tried.problem:
                continue
            kept = self._outcome(student, tried)
            if kept is None and counting is not None and counting.fingerprint == tried.fingerprint:
                kept = counting
                self._store.keep(tried.key, replace(counting, attempts=""))
            if kept is None or not stands(kept):
                wanted.append(tried)
        return wanted

    def choose(self, student: str, costs: Costs) -> Choice | None:
        """Let the best attempt of those that are graded count; return None where none is.

        Of equal ones that counts which did before, or else the latest. An attempt that is damaged stays as a trace.
        """
        places = places_of(self._course, self._assignment, student)
        scored = []
        for tried in self.students[student]:
            outcome = None if tried.problem else self._outcome(student, tried)
            if outcome is not None and not outcome.problem:
                cost = costs(student, outcome.score, tried.moment)
                order = outcome.score - cost, tried.folder == places.folder, tried.moment or NEVER.replace(tzinfo=None)
                scored.append((order, cost, tried, outcome))
        if not scored:
            return None
        _, _, best, outcome = max(scored, key=lambda one: one[0])
        said = {tried.folder: f"{found.score:g}" + f" less {cost:g}" * bool(cost) for _, cost, tried, found in scored}
        outcome = replace(outcome, attempts=_trace(best, self.students[student], said))
        if best.folder != places.folder:
            places.exchange(best.folder)
        kept = self._store.outcome(self._assignment.name, student)
        is_new = kept is None or (kept.fingerprint, kept.attempts) != (outcome.fingerprint, outcome.attempts)
        if is_new:
            self._store.keep(self._assignment.name, outcome)
        return Choice(outcome, is_new)

    def why_none(self, student: str) -> str:
        """Say why no attempt of a student has a score."""
        tried = self.students[student]
        kept = [one.problem or getattr(self._outcome(student, one), "problem", "") for one in tried]
        return f"none of {len(tried)} attempts could be graded: {'; '.join(dict.fromkeys(filter(None, kept)))}"

    def _outcome(self, student: str, tried: Tried) -> GradedSubmission | None:
        """Return what is kept of an attempt, as it is and is judged now."""
        kept = self._store.outcome(tried.key, student)
        return kept if kept is not None and kept.fingerprint == tried.fingerprint else None

    def _attempts(self, student: str) -> Iterator[Tried]:
        """Yield all attempts; where a link leads to them or they cannot be listed none, as of one who has only one."""
        try:
            places = places_of(self._course, self._assignment, student)
            folders = [places.folder, *(one for one in places.folders() if BESIDE not in one.name)]
        except (CourseError, OSError) as reason:
            _log.info("%s, %s: %s", self._assignment.name, printable(student), reason)
            return
        for folder in folders:
            try:
                with reading(self._assignment, student):
                    found = read_submission(student, folder / self._assignment.notebook.name)
                    moment = read_timestamp(folder)
            except NothingHandedInError:
                continue
            except UnreadableError as reason:
                yield Tried(folder, problem=str(reason))
                continue
            key = f"{self._assignment.name} {found.fingerprint('')[:16]}"
            yield Tried(folder, moment, key, found.fingerprint(self._version))


def _trace(best: Tried, tried: list[Tried], said: dict[Path, str]) -> str:
    """Say which attempt counts, and what the others are worth."""
    others = [f"{said.get(one.folder, 'not graded')} ({_when(one)})" for one in tried if one is not best]
    return printable(
        f"the best of {len(tried)} attempts: {said[best.folder]} ({_when(best)}); {', '.join(others)}", 500
    )


def _when(tried: Tried) -> str:
    return f"{tried.moment.replace(tzinfo=UTC):%Y-%m-%d %H:%M UTC}" if tried.moment else "no known time"
