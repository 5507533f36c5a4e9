"""Controls: functions whose observations the judge knows, observed like the submission's own and among them.

A submission that disturbs what observes it disturbs these too. They are known wrong answers to the same exercise,
never right ones, which could be stolen, and each is tried first on what the judge expects of it.
"""

from dataclasses import dataclass

from gradstop.compare import Reference, Turn, is_behaviour
from gradstop.record import Record


@dataclass(frozen=True)
class Control:
    """One control: its number among the exercise's known wrong answers, its source, the cases that it is used in."""

    number: int
    source: str
    cases: list[str]


def control_holds(reference: Reference, number: int, case: str, index: int, turn: Turn, record: Record) -> bool:
    """Whether a record is what the judge expects of a control in one turn."""
    return is_behaviour(record, turn, reference.behaviours[number][1][case][index])
