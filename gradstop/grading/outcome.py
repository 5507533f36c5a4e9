"""What grading a submission has found: one mark for each exercise, and the notebook with outputs and verdicts."""

import json
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Mark:
    """What one exercise has earned.

    Attributes:
        exercise: its name.
        score: the points.
        points: the points there are.
        passed: the cases that agree, of `cases`.
        first: the first case that differs and how, in words; empty where all agree.
        misconception: the known misconception that the answer shows, or empty; `like` says it in words, `read` where.
        trusted: False where what observes was disturbed.
        setups: for each case what its turns were drawn from, two setups each, so that the verdict can be repeated.
        tokens: of the answer's code, as `tokens_of` gives them.

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
    setups: dict[str, Any] = field(default_factory=dict)
    tokens: str = ""


@dataclass(frozen=True)
class Outcome:
    """What grading one submission has found.

    ``notebook`` is the graded notebook as JSON; ``problem`` says why there is none. ``lost`` says what cells had to be
    left out, and why; ``changed`` what its cells changed of torch and of Python, a note that moves no score.
    ``limits`` are those it ran under, as `Rules.limits_set` gives them;
    ``sandboxed`` is whether it ran in a sandbox, ``seconds`` how long it took.
    """

    student: str
    fingerprint: str
    marks: list[Mark] = field(default_factory=list)
    notebook: str = ""
    problem: str = ""
    lost: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    limits: dict[str, float] = field(default_factory=dict)
    sandboxed: bool = True
    seconds: float = 0.0

    @property
    def score(self) -> float:
        """The points of all exercises."""
        return sum(mark.score for mark in self.marks)

    def lean(self) -> "Outcome":
        """Return the outcome without what takes room: the notebook and the seeds."""
        return replace(self, notebook="", marks=[replace(mark, setups={}) for mark in self.marks])

    def to_json(self) -> str:
        """Return the outcome as JSON; ``from_json`` reads it back."""
        return json.dumps({**vars(self), "marks": [vars(mark) for mark in self.marks]}, ensure_ascii=False)

    @classmethod
    def from_json(cls, data: str) -> "Outcome":
        """Read what ``to_json`` returned."""
        plain: dict[str, Any] = json.loads(data)
        return cls(**{**plain, "marks": [Mark(**_named_now(mark)) for mark in plain["marks"]]})


def _named_now(mark: dict[str, Any]) -> dict[str, Any]:
    """Return a mark with the names of today; one that was kept earlier holds bare seeds."""
    return {"setups" if name == "seeds" else name: value for name, value in mark.items()}
