"""Controls: functions whose observations the judge knows, observed like the submission's own and among them.

A submission that disturbs what observes it disturbs these too. They are known wrong answers to the same exercise,
never right ones, which could be stolen, and each is tried first on what the judge expects of it.
"""

from dataclasses import dataclass

from gradstop.compare import Reference, Trial, is_behaviour
from gradstop.record import Record


@dataclass(frozen=True)
class Control:
    """One control: its number among the exercise's known wrong answers, its source, the cases that it is used in."""

    number: int
    source: str
    cases: list[str]


def control_holds(reference: Reference, number: int, case: str, index: int, trial: Trial, record: Record) -> bool:
    """Whether a record is what the judge expects of a control in one trial."""
    return is_behaviour(record, trial, reference.behaviours[number][1][case][index])
