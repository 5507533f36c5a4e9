"""Grades all submissions of an assignment into nbgrader's gradebook; what is finished stays finished."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain

import msgspec

from gradstop import logs
from gradstop.course import Assignment, CourseError
from gradstop.grading.assess import PUT_OFF, grade_unit
from gradstop.grading.attempts.best import BestAttempts
from gradstop.grading.attempts.units import AttemptUnits
from gradstop.grading.executors import Executor, Lost
from gradstop.grading.graded_submission import GradedSubmission
from gradstop.grading.intake.plain_files import UnreadableError
from gradstop.grading.judging.bundle import secret_bundle
from gradstop.grading.nbgrader_bridge.course import Course
from gradstop.grading.nbgrader_bridge.gradebook_writer import GradebookWriter, open_gradebook_writer
from gradstop.grading.nbgrader_bridge.register import register
from gradstop.grading.planning.plan import RunResult, plan_run, read, unreadable_result
from gradstop.grading.planning.rounds import Rounds
from gradstop.grading.planning.solution_first import once_the_solution_earns_all, solution_unit
from gradstop.grading.result_store import Kept, ResultStore, result_store_of
from gradstop.grading.rules import Rules

_log = logging.getLogger(__name__)
BATCH = 25  # graded submissions that are entered in the gradebook at a time


def grade(
    course: Course,
    assignment: Assignment,
    students: list[str],
    rules: Rules,
    executor: Executor,
    *,
    force: bool = False,
    tell: Callable[[str], None] = _log.info,
) -> Iterator[RunResult]:
    """Grade submissions and yield each result once it is kept; those that take much longer than the others come last.

    ``tell`` is called with a line that says whose these are, when all others have been entered.

    What has been graded before and has not changed, neither it nor what judges it, is not run again unless ``force``
    is set. Whatever ends this, a later call goes on where it stopped: each outcome is kept as it comes, and entered in
    the gradebook soon after. A submission that cannot be read or graded is reported, and the others go on; so does one
    that cannot be entered, in a result that takes the place of its first one.
    """
    register(course.config, assignment.name)
    store = result_store_of(course.root)
    known = store.kept(assignment.name)
    several = BestAttempts(course, assignment, students, store)
    rest = [student for student in students if student not in several.students]
    plan = plan_run(course, assignment, rest, known, store, None if force else rules)
    _log.info(
        "%s: %d to grade, %d unchanged, %d unreadable",
        *(assignment.name, len(plan.to_grade), len(plan.unchanged), len(plan.unreadable)),
    )
    with open_gradebook_writer(course.config, assignment) as writer:
        entries = _Entries(assignment, store, writer)
        yield from entries.again(plan.unchanged, {one: known[one] for one in students if one in known})
        yield from plan.unreadable
        attempts = AttemptUnits(several, store, known, rules, writer.late_cost, force=force)
        yield from attempts.settled(entries.add)
        if plan.to_grade or attempts.waiting:
            bundle = msgspec.json.encode(secret_bundle(assignment, course.root, executor.warm_process))
            rounds = Rounds(len(plan.to_grade) + len(attempts.waiting))
            units = _Units(course, assignment, attempts, rules, rounds)

            def later() -> Iterator[tuple[str, bytes | Lost]]:
                for names in rounds.later():
                    entries.enter()
                    if rounds.is_last and names:
                        entries.at_once = 1  # or what is graded would wait for what never ends
                        if said := rounds.said(names):
                            tell(said)
                    yield from executor.run(grade_unit, bundle, units.of(names))

            work = chain([solution_unit(assignment, rules)], units.of(chain(plan.to_grade, attempts.waiting)))
            results = chain(executor.run(grade_unit, bundle, work), later())
            for student, data in once_the_solution_earns_all(results, assignment):
                if data == PUT_OFF:
                    rounds.put_off.append(student)
                    continue
                outcome = _outcome(student, data)
                rounds.graded(outcome.seconds)
                if student in attempts.waiting:
                    attempts.done(student, outcome, is_lost=isinstance(data, Lost))
                    yield from attempts.settled(entries.add)
                    continue
                if not isinstance(data, Lost):
                    outcome = _kept(store, assignment, outcome)
                if outcome.traceback:
                    _log.error("%s, %s: the judge failed\n%s", assignment.name, student, outcome.traceback)
                    outcome = replace(outcome, problem=f"{outcome.problem}; {logs.where()}")
                if not outcome.problem:
                    entries.add(student)
                yield RunResult(outcome.summary(), known[student].score if student in known else None)
            yield from units.unreadable
            yield from attempts.settled(entries.add)
        entries.enter()
        yield from entries.failed


class _Units:
    """The units of work, each read again when it is its turn, so that memory does not grow with the class.

    ``unreadable`` has those that were there a moment ago, once all have been read.
    """

    def __init__(
        self, course: Course, assignment: Assignment, attempts: AttemptUnits, rules: Rules, rounds: Rounds
    ) -> None:
        self.unreadable: list[RunResult] = []
        self._course, self._assignment, self._attempts = course, assignment, attempts
        self._rules, self._rounds = rules, rounds

    def of(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the units of students, and of attempts, by these names."""
        for name in names:
            try:
                is_attempt = name in self._attempts.waiting
                submission = self._attempts.read(name) if is_attempt else read(self._course, self._assignment, name)
            except UnreadableError as reason:
                if not is_attempt:
                    self.unreadable.append(unreadable_result(name, reason))
                continue
            yield name, self._rounds.unit(submission, self._rules)


class _Entries:
    """What is kept and has still to be entered in the gradebook, some at a time.

    ``failed`` has those that could not be entered; the next run tries again. ``at_once`` are entered together.
    """

    at_once = BATCH

    def __init__(self, assignment: Assignment, store: ResultStore, writer: GradebookWriter) -> None:
        self._assignment, self._store, self._writer = assignment, store, writer
        self._waiting: list[str] = []
        self.failed: list[RunResult] = []

    def again(self, unchanged: tuple[RunResult, ...], known: dict[str, Kept]) -> Iterator[RunResult]:
        """Yield what was graded before; enter all that is kept and that the gradebook has not got."""
        there = self._writer.entered()
        self._waiting += [one for one, kept in known.items() if one not in there or not kept.entered]
        yield from unchanged

    def add(self, student: str) -> None:
        """Enter a kept outcome, now or with the next ones."""
        self._waiting.append(student)
        if len(self._waiting) >= self.at_once:
            self.enter()

    def enter(self) -> None:
        """Enter all that wait."""
        kept = [self._store.outcome(self._assignment.name, student) for student in self._waiting]
        outcomes = [outcome for outcome in kept if outcome is not None and outcome.notebook]
        failed = self._writer.enter(outcomes)
        self._store.mark_entered(self._assignment.name, [name for name in self._waiting if name not in failed])
        self.failed += [
            RunResult(replace(outcome.summary(), problem=f"graded, and not entered in the gradebook: {why}"))
            for outcome in outcomes
            if (why := failed.get(outcome.student))
        ]
        self._waiting.clear()


def _kept(store: ResultStore, assignment: Assignment, outcome: GradedSubmission) -> GradedSubmission:
    """Keep an outcome and return it; where it is one that cannot be kept, return what says so.

    Raises:
        CourseError: where nothing can be kept.

    """
    try:
        store.keep(assignment.name, outcome)
    except CourseError:
        raise
    except Exception as error:
        _log.exception("%s, %s: keeping failed", assignment.name, outcome.student)
        problem = f"its outcome could not be kept: {type(error).__name__}, {logs.where()}"
        return GradedSubmission(outcome.student, "", problem=problem)
    return outcome


def _outcome(student: str, data: bytes | Lost) -> GradedSubmission:
    if isinstance(data, Lost):
        problem = "every process that ran it was lost: grade it again alone, with --student"
        return GradedSubmission(student, "", problem=problem)
    return msgspec.json.decode(data, type=GradedSubmission)
