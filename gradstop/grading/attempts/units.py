"""The attempts of a run that are to be graded for the best of each student's."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator

from gradstop import logs
from gradstop.course import CourseError
from gradstop.grading.attempts.best import BestAttempts, Costs, Tried
from gradstop.grading.graded_submission import GradedSubmission
from gradstop.grading.intake.plain_files import UnreadableError
from gradstop.grading.intake.submission import Submission
from gradstop.grading.planning.plan import RunResult, stands
from gradstop.grading.result_store import Kept, ResultStore
from gradstop.grading.rules import Rules

_log = logging.getLogger(__name__)


class AttemptUnits:
    """The attempts that have still to be graded, and the results of their students.

    Attributes:
        waiting: by each one's name whose attempt it is, and which.

    """

    def __init__(
        self,
        several: BestAttempts,
        store: ResultStore,
        known: dict[str, Kept],
        rules: Rules,
        late_cost: Costs,
        *,
        force: bool,
    ) -> None:
        """Look for what is to be graded under these rules, all with ``force``; ``known`` is what was kept before."""
        self._several, self._store, self._known, self._rules, self._late_cost = several, store, known, rules, late_cost
        self.waiting: dict[str, tuple[str, Tried]] = {}
        for student in several.students:
            for tried in several.to_grade(student, lambda kept: not force and stands(kept, rules)):
                self.waiting[f"{student}/{tried.folder.name}"] = student, tried
        self._left = Counter(student for student, _ in self.waiting.values())
        self._graded = set(self._left)
        self._told = set[str]()

    def read(self, name: str) -> Submission:
        """Read an attempt when it is its turn.

        Raises:
            UnreadableError: where that cannot be any more.

        """
        student, tried = self.waiting[name]
        try:
            return self._several.read(student, tried)
        except UnreadableError:  # it was there a moment ago
            self._left[student] -= 1
            raise

    def done(self, name: str, outcome: GradedSubmission, *, is_lost: bool) -> None:
        """Keep an attempt's outcome; one that was lost is graded again next time."""
        student, tried = self.waiting[name]
        if outcome.traceback:
            _log.error("%s: the judge failed\n%s", name, outcome.traceback)
        if not is_lost:
            self._store.keep(tried.key, outcome)
        self._left[student] -= 1

    def settled(self, enter: Callable[[str], None]) -> Iterator[RunResult]:
        """Yield the results of students of whom all is graded now; ``enter`` is called where the best one is new."""
        for student in self._several.students:
            if not self._left[student] and student not in self._told:
                self._told.add(student)
                yield self._result(student, enter)

    def _result(self, student: str, enter: Callable[[str], None]) -> RunResult:
        """Let the best attempt count; what fails in that costs this student only."""
        before = self._known[student].score if student in self._known else None
        try:
            choice = self._several.choose(student, self._late_cost)
        except CourseError:
            raise
        except Exception as error:
            _log.exception("%s: no attempt could be chosen", student)
            return _without(student, f"no attempt could be chosen: {type(error).__name__}, {logs.where()}", before)
        if choice is None:
            return _without(student, self._several.why_none(student), before)
        if choice.is_new:
            enter(student)
        return RunResult(choice.outcome.summary(), before, graded=student in self._graded)


def _without(student: str, problem: str, before: float | None) -> RunResult:
    return RunResult(GradedSubmission(student, "", problem=problem), before, graded=False)
