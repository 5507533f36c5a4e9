"""An exercise's answer key, and how it is asked for."""

from dataclasses import dataclass

from gradstop.compare import Reference
from gradstop.grading.answer_key.controls import Control
from gradstop.record import Setups


@dataclass(frozen=True)
class AnswerKey:
    """What the solution and known wrong answers of an exercise do: its reference, its controls, its cases' titles."""

    reference: Reference
    controls: list[Control]
    titles: dict[str, str]


@dataclass(frozen=True)
class KeyOrder:
    """A key that is asked for: of an exercise of the assignment in ``folder``.

    The solution is observed in the trials whose ``setups`` are given by case, or with secret numbers where they are
    None.
    """

    folder: str
    exercise: str
    setups: dict[str, list[Setups]] | None = None


@dataclass(frozen=True)
class KeyReply:
    """A key, or the problem with the assignment for which there is none, with its traceback where code has raised."""

    key: AnswerKey | None = None
    problem: str = ""
    traceback: str = ""
