"""Explains an error of autograd's while the graph that raised it is still there."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from gradstop.internals.torch import parse_versions, says_freed
from gradstop.watch.events import Story
from gradstop.watch.in_place import edited_after_saving
from gradstop.watch.lines import Line
from gradstop.watch.second_backward import second_backward
from gradstop.watch.words import Answer

_CONSTANT = "does not require grad and does not have a grad_fn"


@dataclass(frozen=True)
class Failure:
    """An error of a backward, and what is known of it."""

    error: str
    message: str
    line: Line
    answers: tuple[Answer, ...]
    constants: tuple[int, ...] = ()  # roots without a history; they are explained in the report


def explain_backward(story: Story, error: Exception, line: Line, roots: Sequence[Tensor]) -> Failure:
    """Return what is known of an error that a backward from these tensors raised."""
    message = str(error)
    answers: list[Answer] = []
    constants: tuple[int, ...] = ()
    if parse_versions(message):
        answers = edited_after_saving(story, roots, message)
    elif says_freed(message):
        answers = second_backward(story, roots, line)
    elif _CONSTANT in message:
        found = [story.find(root) for root in roots if not root.requires_grad]
        constants = tuple(known.number for known in found if known is not None)
    return Failure(type(error).__name__, message, line, tuple(answers), constants)
