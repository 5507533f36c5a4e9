"""The verdicts of all programs as they were recorded, so that a torch which changes one is told by name."""

from collections.abc import Iterator

from gradstop.programs.choices import program
from gradstop.programs.run import Outcome
from gradstop.programs.table import outcomes
from gradstop.programs.verdict import CUT, NOTHING, RIGHT, WRONG, Judgement

WIDTH = 12  # programs in a line of the file: those that differ in what comes before backward, and in backward
_LETTERS = {RIGHT: "R", CUT: "C", NOTHING: "N", WRONG: "W"}


def record() -> str:
    """Return a letter for each program in order: its verdict's, or the number of the line that raises."""
    letters = [_letter(*found) for found in outcomes().values()]
    return "".join("".join(letters[start : start + WIDTH]) + "\n" for start in range(0, len(letters), WIDTH))


def changed(text: str) -> Iterator[str]:
    """Yield a line for each program whose letter in a record is another one now."""
    letters = text.replace("\n", "")
    if len(letters) != len(outcomes()):
        yield f"{len(letters)} programs were recorded, and there are {len(outcomes())}: the choices are other ones"
        return
    for (selection, found), was in zip(outcomes().items(), letters, strict=True):
        if (now := _letter(*found)) != was:
            yield f"{' / '.join(program(selection)[3:])}: was {_words(was)}, is {_words(now)}"


def _letter(outcome: Outcome, judgement: Judgement) -> str:
    return str(outcome.raised.line + 1) if outcome.raised else _LETTERS[judgement.verdict]


def _words(letter: str) -> str:
    named = {short: verdict for verdict, short in _LETTERS.items()}
    return named.get(letter, f"an error in line {letter}")
