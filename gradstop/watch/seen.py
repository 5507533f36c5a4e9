"""The watch itself, and what can be asked of it."""

from textwrap import shorten
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from gradstop.watch.events import Story
from gradstop.watch.explained import Explained
from gradstop.watch.facts import facts
from gradstop.watch.failures import Failure
from gradstop.watch.faults import Faults
from gradstop.watch.guarded import our_own_faults_logged
from gradstop.watch.lines import Line, line_of_error
from gradstop.watch.names import Names
from gradstop.watch.no_gradient import NoGradient
from gradstop.watch.recorder import Recorder
from gradstop.watch.words import Answer, Answers
from gradstop.watch.zero_gradients import written_answer, zero_answer

KEEP = 30_000
MOST_MESSAGE = 300
PERHAPS = "What follows may be meant:"


def _short(message: str) -> str:
    return shorten(message, MOST_MESSAGE, placeholder=" …")


class Watch:
    """Watches the calls of torch in a block, and says afterwards what was cut, written, freed and held.

    It keeps no tensor alive and swallows no exception. What is older than the last ``keep`` calls is forgotten.

    Args:
        keep: how many calls are kept.

    """

    def __init__(self, keep: int = KEEP):
        self._story = Story(keep)
        self._recorder = Recorder(self._story)
        self._failure: Failure | None = None
        self._answers: list[Answer] | None = None
        self._found: list[Answer] = []
        self._perhaps: list[Answer] = []
        self._ran = False

    def __enter__(self) -> "Watch":
        if self._ran:
            raise RuntimeError("a watch watches one block: write watch() again for the next")
        self._ran = True
        self._recorder.start()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        self._recorder.stop()
        failure = self._recorder.backwards.failure
        error = error or self._noted
        if error is not None:
            self._error_line = line_of_error(trace or error.__traceback__)
            self._error_text = f"{type(error).__name__}: {_short(str(error))}"
            if failure is not None and failure.message != str(error):
                failure = None
        self._failure = failure
        self._noted = None
        self._answers = []
        with torch.no_grad(), our_own_faults_logged():
            self._answers = self._explained(error)
            said = {answer.reason for answer in self._answers}
            self._found = [found for found in self._faults(ended_well=error is None) if found.reason not in said]

    def note_error(self, error: BaseException | None) -> None:
        """Take an error that somebody else has shown already, as IPython has that of a cell."""
        self._noted = error

    _noted: BaseException | None = None
    _error_line: Line | None = None
    _error_text: str = ""

    # What was found

    @property
    def error(self) -> list[Answer]:
        """The explanation of the error that ended the block, or of the last one of a backward in it."""
        return list(self._answers or [])

    @property
    def faults(self) -> list[Answer]:
        """What the block did that is nearly never meant. Empty for a program without such a fault."""
        return list(self._found)

    @property
    def perhaps(self) -> list[Answer]:
        """What may be meant, or not: gradients of zeros, parameters that are driven and not used, layers left out."""
        return list(self._perhaps)

    def why(self, what: Tensor | nn.Module) -> Answer | list[Answer]:
        """Say why a tensor has no gradient, or a zero one; of a module, for each of its parameters.

        Raises:
            TypeError: for anything else.

        """
        if isinstance(what, nn.Module):
            found: dict[str, Answer] = {}
            names = Names(self._story)
            for parameter in what.parameters():
                answer = self._why(parameter, names)
                found.setdefault(f"{answer.kind} {answer.lines}", answer)
            return Answers(found.values())
        if not isinstance(what, Tensor):
            raise TypeError(f"why() takes a tensor or a module, not {type(what).__name__}")
        return self._why(what, Names(self._story))

    def _why(self, tensor: Tensor, names: Names) -> Answer:
        answer = self._reader(names).why(tensor)
        if answer is not None:
            return answer
        known = self._story.find(tensor)
        number = known.number if known else 0
        records = [record for record in self._story.backwards if number in record.filled]
        gradient = tensor.grad
        what = names.of_tensor(tensor)
        if gradient is not None and gradient.numel() and not bool(gradient.to_dense().any()):
            culprit = next((r.zero[number] for r in reversed(records) if number in r.zero), None)
            if culprit is not None:
                return zero_answer(self._story, what, culprit, number)
            cleared = known.edited if known and (known := self._story.find(gradient)) else None
            if cleared:
                return written_answer(what, cleared)
            return Answer("zero", f"{what} has a gradient of zeros.", (), "watch one backward alone", "zero")
        lines = tuple(("filled here", line) for line in dict.fromkeys(record.line for record in records[-5:]))
        return Answer("filled", f"{what} has a gradient.", lines, "", "fills")

    def _reader(self, names: Names) -> NoGradient:
        reader = NoGradient(self._story, self._recorder.steps, names)
        reader.refused = self._failure.line if self._failure else None
        return reader

    def _faults(self, ended_well: bool) -> list[Answer]:
        names = Names(self._story)
        parts = (self._recorder.backwards, self._recorder.steps, names, self._reader(names))
        faults = Faults(self._story, *parts)
        found = faults.all()
        if ended_well:  # beside an error it would only be in the way
            self._perhaps = faults.perhaps(found)
        return found

    def _explained(self, error: BaseException | None) -> list[Answer]:
        names = Names(self._story)  # looked up once: a walk through all objects
        explained = Explained(self._story, self._reader(names), self._why)
        return explained.of(self._failure, error, self._error_line)

    def __str__(self) -> str:
        if self._answers is None:
            return "a watch whose block has not ended"
        parts: list[str] = []
        if self._failure is not None:
            inside = f"\n  raised at {self._failure.inside}" if self._failure.inside else ""
            parts.append(f"{self._failure.error} at {self._failure.line}{inside}\n  {_short(self._failure.message)}")
        elif self._error_text:
            where = f" at {self._error_line}" if self._error_line else ""
            parts.append(f"{self._error_text.partition(':')[0]}{where}\n  {self._error_text.partition(': ')[2]}")
        parts += map(str, self._answers)
        parts += map(str, self._found)
        if not parts:
            parts.append("No fault found.")
        if self._perhaps:
            parts += [PERHAPS, *map(str, self._perhaps)]
        return "\n\n".join([*parts, facts(self._story)])

    def __repr__(self) -> str:
        return str(self)
