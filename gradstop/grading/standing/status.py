"""The words for how a student stands in an assignment: the same in grade, report, export and feedback."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum


class Status(Enum):
    """How a student stands. A score is there for the first three alone; without one nothing is a 0."""

    GRADED = "graded"
    CHANGED = "the submission, or what judges it, has changed since"
    EARLIER = "earlier hand-in"
    NOT_YET = "not graded yet"
    NOT_GRADED = "not graded"
    NOTHING = "nothing handed in"


@dataclass(frozen=True)
class Standing:
    """How a student stands in an assignment.

    Attributes:
        status: the word for it.
        why: why the newest hand-in is not graded; empty where there is nothing to say.
        score: the gradebook's, with manual scores, less what being late costs; None where there is none.
        late: by how much the submission is late, an extension counted.
        penalty: the points that being late has cost.
        by_hand: whether somebody has still to grade a part of it.
        attempts: which of several attempts this is, and what the others are worth; empty where the last one counts.

    """

    status: Status
    why: str = ""
    score: float | None = None
    late: timedelta = timedelta()
    penalty: float = 0.0
    by_hand: bool = False
    attempts: str = ""

    @property
    def reason(self) -> str:
        """Say the status, and why."""
        return f"{self.status.value}: {self.why}" if self.why else self.status.value

    @property
    def words(self) -> str:
        """Say it in a line, without the score."""
        return "; ".join(filter(None, [self.reason, self.attempts, self.lateness]))

    @property
    def lateness(self) -> str:
        """Say how late the submission is, and what that has cost; nothing where it is in time."""
        if not self.late:
            return ""
        return f"late by {_duration(self.late)}" + (f", which costs {self.penalty:g}" if self.penalty else "")


def _duration(time: timedelta) -> str:
    """Return a time in its two largest units; less than a minute is one."""
    minutes = max(1, int(time.total_seconds() // 60))
    parts = {"d": minutes // 1440, "h": minutes // 60 % 24, "min": minutes % 60}
    shown = [f"{count} {unit}" for unit, count in parts.items() if count]
    return " ".join(shown[:2])
