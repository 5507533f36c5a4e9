"""What stands in ``reference.json``, and in which places."""

from dataclasses import dataclass, field

import msgspec

from gradstop.compare import Reference
from gradstop.record import Json, Setups

FORMAT = 2
PARTS = ("shape", "numbers", "before", "after")  # the keys of a value that its outline leaves open

Differs = dict[str, Json]  # by observation, what a wrong answer has in the place of the solution's value
Row = list[int]  # the same in numbers: an observation of the trial, its value, the next observation, its value, …


@dataclass(frozen=True)
class ReferenceFile:
    """What the file holds: the torch of the recording, titles of the book's sections, the references by exercise.

    ``tried`` are other versions of torch, each with the exercises in which known answers get another verdict there.
    The notes of observations, which nothing compares, are not kept.
    """

    torch: str
    sections: dict[str, str]
    references: dict[str, Reference]
    tried: dict[str, list[str]] = field(default_factory=dict)


class WrittenTrial(msgspec.Struct, omit_defaults=True):
    """A trial: its setups, its parts, and its values by the numbers of their outlines and parts."""

    setups: Setups
    given: list[int]  # of the exercise's
    parts: list[Json]
    values: list[int]
    observed: list[int] | None = None  # of the case's observations, where it is not each of them in order
    stopped: str | None = None


class WrittenCase(msgspec.Struct):
    """A case: what is asked in it, and its trials."""

    title: str
    read: str
    observations: list[list[str]]  # name, kind, asked; and read where it is not the case's
    trials: list[WrittenTrial]


class WrittenWrong(msgspec.Struct):
    """A known wrong answer: its words, and where it differs from the solution."""

    name: str
    misconception: str
    says: str
    read: str
    differs: dict[str, list[Row]]  # a row for each trial, or one for all; a case without a difference is left out


class WrittenExercise(msgspec.Struct):
    """An exercise: what its cases and wrong answers share, then each of them."""

    parameters: list[str]
    given: list[str]
    outlines: list[Json]
    cases: dict[str, WrittenCase]
    wrong: list[WrittenWrong]


class WrittenFile(msgspec.Struct, omit_defaults=True):
    """The whole file."""

    format: int
    torch: str
    sections: dict[str, str]
    exercises: dict[str, WrittenExercise]
    tried: dict[str, list[str]] = {}
