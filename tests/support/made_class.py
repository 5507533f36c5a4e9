"""A class that was never graded: outcomes as grading leaves them, for what is made of these."""

import random

from support.course import ROOT, bench_of

from gradstop.grading.graded_submission import ExerciseScore, GradedSubmission
from gradstop.grading.reporting.report_command import known_of

NAME = "03-detach"
BENCH = bench_of(NAME)
KNOWN = known_of(BENCH.assignment, ROOT)
POINTS = {"stop": 5, "scale_grad": 4, "one_path": 3, "semi_gradient_mse": 3, "to_numpy_copy": 3}
STUDENTS = [
    *("abel", "bruun", "chen", "diaz", "egede", "farah", "green", "haddad", "ivanov"),
    *("jensen", "kaya", "lindt", "moreau", "nadj", "okafor", "petit", "quist", "rossi"),
    *("silva", "tanaka", "ueda", "varga", "weber", "xu", "yilmaz", "zhou"),
]


def solved(exercise: str, **changed) -> ExerciseScore:
    """Return full marks for an exercise."""
    return ExerciseScore(exercise, POINTS[exercise], POINTS[exercise], POINTS[exercise], POINTS[exercise], **changed)


def wrong(exercise: str, number: int = 0, passed: int = 1, **changed) -> ExerciseScore:
    """Return what a known wrong answer earns."""
    answer = BENCH.wrong[exercise][number]
    first = f"when {KNOWN.titles[exercise][-1 if passed else 0]}: one thing; the reference: another"
    told = {"misconception": answer.misconception, "like": answer.says, "read": answer.read}
    return ExerciseScore(
        exercise, passed, POINTS[exercise], passed, POINTS[exercise], **{"first": first, **told, **changed}
    )


def stub(exercise: str) -> ExerciseScore:
    """Return what the untouched answer earns."""
    first = f"when {KNOWN.titles[exercise][0]}: raises NotImplementedError; the reference: returns"
    return ExerciseScore(
        exercise, 0.0, POINTS[exercise], 0, POINTS[exercise], first=first, tokens=KNOWN.stubs[exercise]
    )


def outcome(student: str, *scores: ExerciseScore, **changed) -> GradedSubmission:
    """Return an outcome in which each exercise that is not given is solved."""
    given = {earned.exercise: earned for earned in scores}
    return GradedSubmission(student, f"of {student}", [given.get(name) or solved(name) for name in POINTS], **changed)


def made_class() -> list[GradedSubmission]:
    """Return a class of every sort."""
    chance = random.Random(3)
    found = []
    for number, student in enumerate(STUDENTS):
        scores = [_some(chance, exercise, number) for exercise in POINTS]
        found.append(outcome(student, *scores))
    found[3] = GradedSubmission(
        STUDENTS[3], "", problem="detach.ipynb, line 212: Expecting ',' delimiter. The file is damaged"
    )
    found[6] = outcome(STUDENTS[6], lost=["cell 7: it was still running after 30 s"])
    found[9] = outcome(STUDENTS[9], wrong("stop", passed=0, trusted=False, misconception=""))
    found[12] = outcome(STUDENTS[12], wrong("one_path", 1), changed=["torch.Tensor.detach", "builtins.print"])
    for number in (15, 21):
        found[number] = outcome(STUDENTS[number], solved("scale_grad", tokens="47:feedfeedfeedfeed"))
    for number in (11, 20, 23):
        found[number] = outcome(STUDENTS[number], solved("one_path", tokens=KNOWN.solutions["one_path"]), wrong("stop"))
    return found


def _some(chance: random.Random, exercise: str, number: int) -> ExerciseScore:
    able = 0.35 + 0.6 * (number * 7 % len(STUDENTS)) / len(STUDENTS)
    if chance.random() < able:
        return solved(exercise, tokens=f"{31 + number}:{number:016x}")
    if chance.random() < 0.2:
        return stub(exercise)
    return wrong(exercise, chance.choice([0, 0, 0, 1, 1, 2]) % len(BENCH.wrong[exercise]), chance.choice([1, 1, 2]))
