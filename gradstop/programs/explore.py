"""What a reader calls: ``explore`` runs one of the page's programs on the reader's own torch."""

from collections.abc import Collection
from html import escape

from gradstop.drawing import Drawing
from gradstop.programs.choices import CHOICES, Choice, program, select
from gradstop.programs.run import Outcome, execute
from gradstop.programs.verdict import SIGNS, Judgement, judge


class Exploration:
    """What a program did; it shows itself at the end of a notebook cell, and plain Python prints its text.

    Attributes:
        lines: the program.
        outcome: what each line did, and what raised.
        judgement: the verdict and its reason.
        drawings: the graph before backward, where that was reached, and at the end.

    """

    def __init__(self, lines: list[str], outcome: Outcome, judgement: Judgement) -> None:
        self.lines, self.outcome, self.judgement = lines, outcome, judgement
        before = [] if outcome.before is None else [Drawing(outcome.before, "Before backward")]
        self.drawings = [*before, Drawing(outcome.after, "At the end")]

    @property
    def text(self) -> str:
        """The program with what each line did, the verdict, and the choices that there are."""
        notes = [*self.outcome.notes, *["not reached"] * (len(self.lines) - len(self.outcome.notes))]
        wide = max(map(len, self.lines))
        told = [f"{line:{wide}}  # {note}".rstrip(" #") for line, note in zip(self.lines, notes, strict=True)]
        raised = self.outcome.raised
        why = f"line {raised.line + 1}: {raised.message}" if raised else self.judgement.reason
        choices = [f"{choice.name}: {' | '.join(choice.options)}" for choice in CHOICES]
        verdict = self.judgement.verdict
        return "\n".join([*told, "", f"{SIGNS[verdict]} {verdict}. {why}", "", "Choices:", *choices])

    def __repr__(self) -> str:
        return "\n\n".join([self.text, *map(repr, self.drawings)])

    def _repr_mimebundle_(self, **_: Collection[str] | None) -> dict[str, str]:
        """Return what a notebook shows. It picks a form itself, so its filters may be ignored."""
        drawings = "".join(drawing._repr_mimebundle_()["text/html"] for drawing in self.drawings)
        return {"text/html": f"<pre>{escape(self.text)}</pre>{drawings}", "text/plain": repr(self)}


def explore(**chosen: str) -> Exploration:
    """Run the program of the page "Cut it yourself" with these choices, and judge what it left in ``w.grad``.

    Args:
        chosen: for a choice by name (``op``, ``cut``, ``edit``, ``loss``, ``before``, ``backward``) its text, or the
            end of it, such as ``cut="detach()"``. What is not named is the first option.

    Returns:
        The program, what each line did, the verdict and the drawings.

    Raises:
        ValueError: where there is no such choice or option; it names those that there are.

    """
    named = {choice.name: choice for choice in CHOICES}
    selection = select(**{name: _option(named[name], text) if name in named else text for name, text in chosen.items()})
    lines = program(selection)
    outcome = execute(lines)
    return Exploration(lines, outcome, judge(lines, outcome))


def _option(choice: Choice, text: str) -> str:
    return min((option for option in choice.options if option.endswith(text)), key=len, default=text)
