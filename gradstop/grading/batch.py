"""Grades all submissions of an assignment into nbgrader's gradebook; what is finished stays finished."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from gradstop.course import Assignment, CourseError
from gradstop.grading.assess import Unit, grade_unit
from gradstop.grading.entry import Entry, open_entry
from gradstop.grading.executors import Executor, Lost
from gradstop.grading.outcome import Outcome
from gradstop.grading.paper import secret_paper, version_of
from gradstop.grading.register import course_config, is_registered, register
from gradstop.grading.results import Results, results_of
from gradstop.grading.rules import Rules
from gradstop.grading.submission import NothingHandedInError, Submission, UnreadableError, read_submission

BATCH = 25  # outcomes that are entered in the gradebook at a time


@dataclass(frozen=True)
class Result:
    """One submission: its outcome, the score before where that was another, and whether it was graded in this run.

    ``handed_in`` is False for somebody who has handed in other assignments, and nothing for this one.
    """

    outcome: Outcome
    before: float | None = None
    graded: bool = True
    handed_in: bool = True

    @property
    def changed(self) -> bool:
        """Whether an earlier score was another one."""
        return self.before is not None and not self.outcome.problem and abs(self.before - self.outcome.score) > 1e-9


@dataclass(frozen=True)
class Course:
    """The course at ``root``: nbgrader's configuration, and where submissions lie."""

    root: Path
    config: Config
    directories: CourseDirectory = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "directories", CourseDirectory(config=self.config))

    @property
    def submitted(self) -> Path:
        """Where submissions lie, a folder for each student."""
        return self.root / str(self.directories.submitted_directory)

    def students(self, assignment: Assignment, student: str = "*") -> list[str]:
        """Return who has anything in the folder of submissions. Raises CourseError if nobody has."""
        found = sorted(path.name for path in self.submitted.glob(student) if not path.name.startswith("."))
        if not found:
            place = self.submitted.relative_to(self.root) / ("STUDENT" if student == "*" else student)
            raise CourseError(
                f"There is no submission to grade: put one in {place}/{assignment.name}/{assignment.notebook.name}."
            )
        return found

    def read(self, assignment: Assignment, student: str) -> Submission:
        """Read a student's submission. Raises UnreadableError."""
        return read_submission(student, self.submitted / student / assignment.name / assignment.notebook.name)


def open_course(root: Path) -> Course:
    """Return the course at ``root``. Raises CourseError where there is none."""
    return Course(root, course_config(root))


def grade(
    course: Course,
    assignment: Assignment,
    students: list[str],
    rules: Rules,
    executor: Executor,
    *,
    force: bool = False,
) -> Iterator[Result]:
    """Grade submissions and yield each result once it is kept.

    What has been graded before and has not changed, neither it nor what judges it, is not run again unless ``force``
    is set. Whatever ends this, a later call goes on where it stopped: each outcome is kept as it comes, and entered in
    the gradebook soon after. A submission that cannot be read or graded is reported, and the others go on.
    """
    if not is_registered(course.directories, assignment.name):
        register(course.config, assignment.name)
    run = _Run(course, assignment, rules, force, results_of(course.root))
    with open_entry(course.config, assignment) as entry:
        yield from run.grade(students, executor, entry)


class _Run:
    """One run over the submissions of an assignment."""

    def __init__(self, course: Course, assignment: Assignment, rules: Rules, force: bool, results: Results) -> None:
        self._course, self._assignment, self._rules, self._force = course, assignment, rules, force
        self._results = results
        self._version = version_of(assignment)
        self._known = results.fingerprints(assignment.name)
        self._unread: list[Result] = []
        self._same: list[Result] = []
        self._gone: list[Result] = []

    def grade(self, students: list[str], executor: Executor, entry: Entry) -> Iterator[Result]:
        there = entry.entered()
        waiting: list[str] = []
        fresh = list(self._to_grade(students))
        for result in self._same:
            student = result.outcome.student
            if student not in there or not self._known[student][1]:
                waiting.append(student)
            yield result
        yield from self._unread
        if fresh:
            paper = secret_paper(self._assignment, self._course.root, executor.room).to_bytes()
            for student, data in executor.run(grade_unit, paper, self._units(fresh)):
                outcome = _outcome(student, data)
                if not isinstance(data, Lost):
                    self._results.keep(self._assignment.name, outcome)
                if not outcome.problem:
                    waiting.append(student)
                yield Result(outcome.lean(), self._known.get(student, ("", False, None))[2])
                if len(waiting) >= BATCH:
                    self._enter(entry, waiting)
            yield from self._gone
        self._enter(entry, waiting)

    def _to_grade(self, students: list[str]) -> Iterator[str]:
        """Yield who has to be graded; note who need not be, and who cannot be."""
        for student in students:
            try:
                fingerprint = self._course.read(self._assignment, student).fingerprint(self._version)
            except UnreadableError as reason:
                outcome = Outcome(student, "", problem=str(reason))
                handed_in = not isinstance(reason, NothingHandedInError)
                self._unread.append(Result(outcome, graded=False, handed_in=handed_in))
                continue
            known = self._known.get(student)
            kept = None
            if known and known[0] == fingerprint and not self._force:
                kept = self._results.outcome(self._assignment.name, student)
            if kept is not None and (kept.notebook or kept.problem):
                self._same.append(Result(kept.lean(), graded=False))
            else:
                yield student

    def _units(self, students: list[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the units of work, each read when it is its turn."""
        for student in students:
            try:
                submission = self._course.read(self._assignment, student)
            except UnreadableError as reason:  # it was there a moment ago
                self._gone.append(Result(Outcome(student, "", problem=str(reason)), graded=False))
                continue
            yield student, Unit(submission, submission.fingerprint(self._version), self._rules).to_bytes()

    def _enter(self, entry: Entry, students: list[str]) -> None:
        """Enter outcomes that are kept; clear the list."""
        kept = [self._results.outcome(self._assignment.name, student) for student in students]
        entry.enter([outcome for outcome in kept if outcome is not None and outcome.notebook])
        self._results.mark_entered(self._assignment.name, students)
        students.clear()


def _outcome(student: str, data: bytes | Lost) -> Outcome:
    if isinstance(data, Lost):
        return Outcome(student, "", problem="every process that ran it was lost: grade it again alone, with --student")
    return Outcome.from_json(data.decode())
