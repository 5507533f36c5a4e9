"""What a class report says, as plain data: made of outcomes and of what is known of the assignment, laid out elsewhere.

Nothing here is a verdict on a person. What was the same as another answer, or changed something of torch, is a note.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import fmean, median

from gradstop.grading.graded_submission import ExerciseScore, GradedSubmission
from gradstop.grading.reporting.anonymising import Names

MOST_BINS = 12
FEWEST_TOKENS = 30  # of answers that are compared; shorter ones are often the same by nature
_NEAR = 1e-9


@dataclass(frozen=True)
class Known:
    """What a report has to know of an assignment, each by exercise where it says nothing else.

    Attributes:
        assignment: its name.
        titles: the titles of the cases.
        stubs: the tokens of the answer as it was handed out.
        solutions: the tokens of the published solution.
        sections: the titles of the book's sections, by place.

    """

    assignment: str
    titles: dict[str, list[str]] = field(default_factory=dict)
    stubs: dict[str, str] = field(default_factory=dict)
    solutions: dict[str, str] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bin:
    """Scores from ``low`` on and below ``high``; the last bin has those with all points."""

    low: float
    high: float
    count: int

    @property
    def words(self) -> str:
        """Say which scores these are."""
        return f"{self.low:g} to below {self.high:g}" if self.high > self.low else f"all {self.low:g}"


@dataclass(frozen=True)
class Scores:
    """The distribution of the scores."""

    points: float
    mean: float
    median: float
    bins: list[Bin]


@dataclass(frozen=True)
class Exercise:
    """How the class did in one exercise: ``solved`` completely, the mean ``share`` of the points, ``untouched`` stubs.

    ``hardest`` is the case that most answers failed first, ``failed`` how many; stubs do not count there.
    """

    name: str
    points: float
    graded: int
    solved: int
    share: float
    untouched: int
    hardest: str
    failed: int


@dataclass(frozen=True)
class Way:
    """One form of a misconception: ``says`` completes "This behaves like …"."""

    exercise: str
    says: str
    count: int


@dataclass(frozen=True)
class Misconception:
    """A misconception that was met: by how many, in which forms, where the book explains it."""

    name: str
    count: int
    who: list[str]
    ways: list[Way]
    read: list[str]


@dataclass(frozen=True)
class Note:
    """Something about one student's submission."""

    who: str
    what: str


@dataclass(frozen=True)
class Same:
    """Answers to an exercise that are the same token for token, and perhaps the published solution's."""

    exercise: str
    tokens: int
    who: list[str]
    published: bool


@dataclass(frozen=True)
class Report:
    """A class report on one assignment. Each list is in the order in which it is shown."""

    assignment: str
    anonymous: bool
    graded: int
    scores: Scores | None
    exercises: list[Exercise]
    misconceptions: list[Misconception]
    not_graded: list[Note]
    outdated: list[Note]
    late: list[Note]
    lost: list[Note]
    distrusted: list[Note]
    changed: list[Note]
    same: list[Same]
    unsandboxed: list[str]


def make_report(
    known: Known,
    outcomes: Sequence[GradedSubmission],
    names: Names,
    unread: dict[str, str],
    outdated: dict[str, str],
    late: dict[str, str] | None = None,
) -> Report:
    """Make the report.

    Args:
        known: what has to be known of the assignment.
        outcomes: what was found in the submissions.
        names: what students are called.
        unread: by student why there is no outcome.
        outdated: by student why the outcome is not that of the newest hand-in.
        late: by student how late the submission was.

    """
    graded = [outcome for outcome in outcomes if not outcome.problem]
    problems = {outcome.student: outcome.problem for outcome in outcomes if outcome.problem}
    by_exercise = _by_exercise(graded)
    return Report(
        known.assignment,
        names.anonymous,
        len(graded),
        _scores(graded),
        [_exercise(known, name, scores) for name, scores in by_exercise.items()],
        _misconceptions(known, names, by_exercise),
        _notes(names, problems | unread),
        _notes(names, outdated),
        _notes(names, late or {}),
        _notes(names, {o.student: "; ".join(o.lost) for o in graded}),
        _notes(names, {o.student: ", ".join(m.exercise for m in o.scores if not m.trusted) for o in graded}),
        _notes(names, {o.student: ", ".join(o.changed) for o in graded}),
        list(_same(known, names, by_exercise)),
        [names.of(student) for student in names.sort(o.student for o in graded if not o.sandboxed)],
    )


def _by_exercise(graded: Sequence[GradedSubmission]) -> dict[str, list[tuple[str, ExerciseScore]]]:
    found: dict[str, list[tuple[str, ExerciseScore]]] = {}
    for outcome in graded:
        for earned in outcome.scores:
            found.setdefault(earned.exercise, []).append((outcome.student, earned))
    return found


def _scores(graded: Sequence[GradedSubmission]) -> Scores | None:
    if not graded:
        return None
    scores = [outcome.score for outcome in graded]
    points = max(sum(earned.points for earned in outcome.scores) for outcome in graded)
    return Scores(points, fmean(scores), median(scores), _bins(scores, points))


def _bins(scores: Sequence[float], points: float) -> list[Bin]:
    """Sort scores into bins of whole points, as narrow as there are few enough of them; all points are one more."""
    width = max(1, ceil(points / MOST_BINS))
    edges = [float(low) for low in range(0, ceil(points), width)]
    full = sum(score >= points - _NEAR for score in scores)
    numbers = Counter(int((score + _NEAR) // width) for score in scores if score < points - _NEAR)
    bins = [Bin(low, min(low + width, points), numbers[i]) for i, low in enumerate(edges)]
    return [*bins, Bin(points, points, full)]


def _exercise(known: Known, name: str, found: list[tuple[str, ExerciseScore]]) -> Exercise:
    scores = [earned for _, earned in found]
    written = [earned for earned in scores if not _is_stub(known, earned)]
    failed = Counter(_first_case(known, earned) for earned in written if earned.first).most_common(1)
    return Exercise(
        name,
        max(earned.points for earned in scores),
        len(scores),
        sum(0 < earned.cases == earned.passed for earned in scores),
        fmean(earned.score / earned.points if earned.points else 0.0 for earned in scores),
        len(scores) - len(written),
        *(failed[0] if failed else ("", 0)),
    )


def _is_stub(known: Known, earned: ExerciseScore) -> bool:
    """Whether an answer is as it was handed out."""
    return earned.tokens != "" and earned.tokens == known.stubs.get(earned.exercise)


def _first_case(known: Known, earned: ExerciseScore) -> str:
    """Return the title of the first case that a score says failed, or that there was no function for any."""
    if not earned.first.startswith("when "):  # why there is none is each one's own
        return "there is no function to observe"
    titles = sorted(known.titles.get(earned.exercise, []), key=len, reverse=True)
    said = earned.first.removeprefix("when ")
    return next((title for title in titles if said.startswith(f"{title}: ")), said.partition(": ")[0])


def _misconceptions(
    known: Known, names: Names, found: dict[str, list[tuple[str, ExerciseScore]]]
) -> list[Misconception]:
    met: dict[str, list[tuple[str, ExerciseScore]]] = {}
    for pairs in found.values():
        for student, earned in pairs:
            if earned.misconception:
                met.setdefault(earned.misconception, []).append((student, earned))
    listed = [_misconception(known, names, name, pairs) for name, pairs in met.items()]
    return sorted(listed, key=lambda one: (-one.count, one.name))


def _misconception(known: Known, names: Names, name: str, found: list[tuple[str, ExerciseScore]]) -> Misconception:
    students = names.sort({student for student, _ in found})
    ways = Counter((earned.exercise, earned.like) for _, earned in found)
    places = Counter(earned.read for _, earned in found if earned.read)
    return Misconception(
        name,
        len(students),
        [names.of(student) for student in students],
        [Way(exercise, says, count) for (exercise, says), count in ways.most_common()],
        [known.sections.get(place, place) for place, _ in places.most_common()],
    )


def _notes(names: Names, texts: dict[str, str]) -> list[Note]:
    students = names.sort(student for student, text in texts.items() if text)
    return [Note(names.of(student), names.without(texts[student])) for student in students]


def _same(known: Known, names: Names, found: dict[str, list[tuple[str, ExerciseScore]]]) -> Iterator[Same]:
    """Yield the groups of answers that are the same, long enough, and written by somebody."""
    for exercise, pairs in found.items():
        groups: dict[str, list[str]] = {}
        for student, earned in pairs:
            if _length(earned.tokens) >= FEWEST_TOKENS and not _is_stub(known, earned):
                groups.setdefault(earned.tokens, []).append(student)
        for tokens, students in sorted(groups.items(), key=lambda group: -len(group[1])):
            published = tokens == known.solutions.get(exercise)
            if published or len(students) > 1:
                yield Same(exercise, _length(tokens), [names.of(s) for s in names.sort(students)], published)


def _length(tokens: str) -> int:
    return int(tokens.partition(":")[0] or 0)
