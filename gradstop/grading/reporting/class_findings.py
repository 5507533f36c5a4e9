"""What a class report finds over several exercises: why points are missing, who is stuck, what fails together.

Nothing here is a verdict on a person.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import fmean

from gradstop.grading.graded_submission import ExerciseScore, GradedSubmission
from gradstop.grading.judging.scoring import why
from gradstop.grading.reporting.anonymising import Names
from gradstop.grading.reporting.report_data import Before, Known, Missed, Note, Together

STUCK = 3  # exercises left as handed out
FEWEST_TOGETHER, MOST_TOGETHER = 2, 8  # students who failed both exercises; pairs that are listed
_NEAR = 1e-9


def is_stub(known: Known, earned: ExerciseScore) -> bool:
    """Whether an answer is as it was handed out."""
    return earned.tokens != "" and earned.tokens == known.stubs.get(earned.exercise)


def missed(known: Known, names: Names, graded: Sequence[GradedSubmission]) -> Iterator[Missed]:
    """Yield, by student, each exercise that has not earned all, with the reason."""
    outcomes = {outcome.student: outcome for outcome in graded}
    for student in names.sort(outcomes):
        for earned in outcomes[student].scores:
            if said := why(earned, known.stubs.get(earned.exercise, "")):
                yield Missed(names.of(student), earned.exercise, earned.score, earned.points, names.without(said))


def stuck(known: Known, names: Names, graded: Sequence[GradedSubmission]) -> list[Note]:
    """Return who has left ``STUCK`` exercises or more as they were handed out, and which."""
    left = {o.student: [earned.exercise for earned in o.scores if is_stub(known, earned)] for o in graded}
    found = names.sort(student for student, exercises in left.items() if len(exercises) >= STUCK)
    return [Note(names.of(student), ", ".join(left[student])) for student in found]


def together(known: Known, graded: Sequence[GradedSubmission]) -> list[Together]:
    """Return the pairs of exercises that are failed together more often than by chance, the furthest from it first."""
    failed = [
        {e.exercise: e.score < e.points - _NEAR for e in outcome.scores if not is_stub(known, e)} for outcome in graded
    ]
    exercises = dict.fromkeys(earned.exercise for outcome in graded for earned in outcome.scores)
    pairs = [_pair(failed, first, second) for first, second in combinations(exercises, 2)]
    found = [pair for pair in pairs if pair.both >= FEWEST_TOGETHER and _excess(pair) > _NEAR]
    return sorted(found, key=_excess, reverse=True)[:MOST_TOGETHER]


def _pair(failed: Sequence[dict[str, bool]], first: str, second: str) -> Together:
    both = [(one[first], one[second]) for one in failed if first in one and second in one]
    counts = sum(a and b for a, b in both), sum(a for a, _ in both), sum(b for _, b in both)
    return Together((first, second), *counts, len(both))


def _excess(pair: Together) -> float:
    """Return how many more students failed both than if the one had nothing to do with the other."""
    return pair.both - pair.first * pair.second / pair.written


def before(assignment: str, earlier: Sequence[GradedSubmission], graded: Sequence[GradedSubmission]) -> Before | None:
    """Compare the class with the ``assignment`` before; None where nobody is graded in both."""
    shares, now = _shares(earlier), _shares(graded)
    both = [(shares[student], now[student]) for student in now if student in shares]
    if not both:
        return None
    return Before(
        assignment,
        len(both),
        fmean(share for _, share in both),
        fmean(share for share, _ in both),
        sum(share > was + _NEAR for was, share in both),
        sum(share < was - _NEAR for was, share in both),
    )


def _shares(outcomes: Sequence[GradedSubmission]) -> dict[str, float]:
    points = {o.student: sum(earned.points for earned in o.scores) for o in outcomes if not o.problem}
    return {o.student: o.score / points[o.student] for o in outcomes if points.get(o.student)}
