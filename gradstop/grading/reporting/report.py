"""What a class report says, as plain data: made of outcomes and of what is known of the assignment, laid out elsewhere.

Nothing here is a verdict on a person. What was the same as another answer, or changed something of torch, is a note.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil
from statistics import fmean, median

from gradstop.grading.graded_submission import ExerciseScore, GradedSubmission
from gradstop.grading.reporting.anonymising import Names
from gradstop.grading.reporting.class_findings import before, is_stub, missed, stuck, together
from gradstop.grading.reporting.report_data import (
    Bin,
    Exercise,
    Known,
    Misconception,
    Note,
    Report,
    Same,
    Scores,
    Way,
)

MOST_BINS = 12
FEWEST_TOKENS = 30  # of answers that are compared; shorter ones are often the same by nature
_NEAR = 1e-9


def make_report(
    known: Known,
    outcomes: Sequence[GradedSubmission],
    names: Names,
    unread: dict[str, str],
    outdated: dict[str, str],
    late: dict[str, str],
    earlier: tuple[str, Sequence[GradedSubmission]] = ("", ()),
) -> Report:
    """Make the report.

    Args:
        known: what is known of the assignment.
        outcomes: those of the assignment.
        names: what students are called.
        unread: why there is no outcome, by student.
        outdated: why an outcome is not that of the newest hand-in, by student.
        late: how late a submission was, by student.
        earlier: the name and the outcomes of the assignment before, where there is one.

    Returns:
        The report.

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
        _notes(names, late),
        _notes(names, {o.student: o.attempts for o in graded}),
        _notes(names, {o.student: "; ".join(o.lost) for o in graded}),
        _notes(names, {o.student: ", ".join(m.exercise for m in o.scores if not m.trusted) for o in graded}),
        _notes(names, {o.student: ", ".join(o.changed) for o in graded}),
        list(_same(known, names, by_exercise)),
        [names.of(student) for student in names.sort(o.student for o in graded if not o.sandboxed)],
        list(missed(known, names, graded)),
        stuck(known, names, graded),
        together(known, graded),
        before(*earlier, graded),
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
    written = [earned for earned in scores if not is_stub(known, earned)]
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
            if _length(earned.tokens) >= FEWEST_TOKENS and not is_stub(known, earned):
                groups.setdefault(earned.tokens, []).append(student)
        for tokens, students in sorted(groups.items(), key=lambda group: -len(group[1])):
            published = tokens == known.solutions.get(exercise)
            if published or len(students) > 1:
                yield Same(exercise, _length(tokens), [names.of(s) for s in names.sort(students)], published)


def _length(tokens: str) -> int:
    return int(tokens.partition(":")[0] or 0)
