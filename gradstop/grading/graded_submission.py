"""What grading a submission has found: a score for each exercise, and the notebook with outputs and verdicts."""

from dataclasses import dataclass, field, replace

from gradstop.record import Setups


@dataclass(frozen=True)
class ExerciseScore:
    """What one exercise has earned.

    Attributes:
        exercise: its name.
        score: the points.
        points: the points there are.
        passed: the cases that agree, of ``cases``.
        first: the first case that differs and how, in words; empty where all agree.
        misconception: the known misconception that the answer shows, or empty; ``like`` says it, ``read`` where.
        trusted: False where what observes was disturbed.
        setups: for each case what its trials were drawn from, two setups each, so that the verdict can be repeated.
        tokens: of the answer's code, as ``tokens_of`` gives them.

    """

    exercise: str
    score: float
    points: float
    passed: int
    cases: int
    first: str = ""
    misconception: str = ""
    like: str = ""
    read: str = ""
    trusted: bool = True
    setups: dict[str, list[Setups]] = field(default_factory=dict)
    tokens: str = ""


@dataclass(frozen=True)
class GradedSubmission:
    """What grading one submission has found.

    ``notebook`` is the graded notebook as JSON; ``problem`` says why there is none. ``lost`` says what cells had to be
    left out, and why; ``changed`` what its cells changed of torch and of Python, a note that moves no score.
    ``limits`` are those it ran under, as ``Rules.limits_set`` gives them;
    ``sandboxed`` is whether it ran in a sandbox, ``seconds`` how long it took.
    ``attempts`` says which of several attempts this is, and what the others are worth.
    ``traceback`` is that of a fault of the judge's own, for the log of whoever runs it, on whatever machine it was.
    """

    student: str
    fingerprint: str
    scores: list[ExerciseScore] = field(default_factory=list)
    notebook: str = ""
    problem: str = ""
    lost: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    limits: dict[str, float] = field(default_factory=dict)
    sandboxed: bool = True
    seconds: float = 0.0
    attempts: str = ""
    traceback: str = ""

    @property
    def score(self) -> float:
        """The points of all exercises."""
        return sum(earned.score for earned in self.scores)

    def summary(self) -> "GradedSubmission":
        """Return the outcome without what is large: the notebook, and what the trials were drawn from."""
        return replace(self, notebook="", scores=[replace(earned, setups={}) for earned in self.scores])
