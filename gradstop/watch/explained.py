"""The explanation of the error that ended a block, or of the last one of a backward in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from gradstop.watch.clinic import entry
from gradstop.watch.constants import why_constant
from gradstop.watch.events import Story
from gradstop.watch.failures import Failure
from gradstop.watch.lines import Line
from gradstop.watch.names import Names
from gradstop.watch.no_gradient import NoGradient
from gradstop.watch.owners import living_optimizers
from gradstop.watch.refusals import explain_refusal
from gradstop.watch.words import Answer


@dataclass
class Explained:
    """Explains errors by one story."""

    story: Story
    reader: NoGradient
    why: Callable[[Tensor, Names], Answer]

    def of(self, failure: Failure | None, error: BaseException | None, line: Line | None) -> list[Answer]:
        """Return what is known; where that is nothing, the entry of the clinic.

        Args:
            failure: of a backward, while its graph was there.
            error: what was raised.
            line: the user's line that it came by.

        """
        if failure is not None:
            found = self._of_backward(failure)
        elif error is None:
            return []
        elif isinstance(error, AssertionError) and "inf checks" in str(error):
            found = self._without_gradients()
        else:
            found = explain_refusal(self.story, self.reader, error, line)
        if found or error is None:
            return found
        return entry(str(error), failure.line if failure is not None else line)

    def _of_backward(self, failure: Failure) -> list[Answer]:
        what = "What backward was called on"
        roots = [why_constant(self.reader.flow, self.reader.names, number, what) for number in failure.constants]
        unreached = [self.reader.asked(number, flagged) for number, flagged in failure.unreached]
        return [*failure.answers, *roots, *unreached]

    def _without_gradients(self) -> list[Answer]:
        """Explain why an optimizer has not one gradient."""
        found: dict[Any, Answer] = {}
        for optimizer in living_optimizers():
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            seen = any(self.story.find(parameter) for parameter in parameters)
            if seen and all(parameter.grad is None for parameter in parameters):
                for parameter in parameters:
                    answer = self.why(parameter, self.reader.names)
                    found.setdefault(answer.lines, answer)
        return list(found.values())
