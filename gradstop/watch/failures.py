"""Explains an error of autograd's while the graph that raised it is still there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from gradstop.internals.torch import parse_versions, says_freed
from gradstop.watch.events import Story
from gradstop.watch.in_place import edited_after_saving
from gradstop.watch.lines import Line, line_of_error
from gradstop.watch.raised_inside import explain_inside, raised_here
from gradstop.watch.second_backward import second_backward
from gradstop.watch.walk import Tag, lines_of_nodes, nodes_behind
from gradstop.watch.words import Answer

_CONSTANT = "does not require grad and does not have a grad_fn"
_NO_DERIVATIVE = re.compile(r"derivative for .* is not implemented")
_ASKED_CONSTANT = "One of the differentiated Tensors does not require grad"
_ASKED_UNUSED = "appears to not have been used in the graph"


@dataclass(frozen=True)
class Failure:
    """An error of a backward, and what is known of it."""

    error: str
    message: str
    line: Line
    answers: tuple[Answer, ...]
    constants: tuple[int, ...] = ()  # without a history; they are explained in the report
    unreached: tuple[tuple[int, bool], ...] = ()  # what autograd.grad was asked for; its flag
    inside: Line | None = None  # the user's line that raised it, in a hook or in a Function's backward


def explain_backward(
    story: Story, error: Exception, line: Line, roots: Sequence[Tensor], asked: Sequence[Tensor] = ()
) -> Failure:
    """Return what is known of an error that a backward from these tensors raised, asked for the gradients of others."""
    message = str(error)
    answers: list[Answer] = []
    constants: tuple[int, ...] = ()
    unreached: tuple[tuple[int, bool], ...] = ()
    if parse_versions(message):
        answers = edited_after_saving(story, roots, message)
    elif says_freed(message):
        answers = second_backward(story, roots, line)
    elif _NO_DERIVATIVE.search(message):
        answers = _without_derivative(story, roots)
    elif _CONSTANT in message:
        found = [story.find(root) for root in roots if not root.requires_grad]
        constants = tuple(known.number for known in found if known is not None)
    elif _ASKED_CONSTANT in message:
        unreached = tuple((story.know(tensor, line).number, False) for tensor in asked if not tensor.requires_grad)
    elif _ASKED_UNUSED in message:
        nodes, _, leaves = nodes_behind(roots)
        met = {id(leaf) for leaf in leaves}
        others = [tensor for tensor in asked if id(tensor) not in met and tensor.grad_fn not in nodes]
        unreached = tuple((story.know(tensor, line).number, True) for tensor in others)
    else:
        answers = explain_inside(story, message, roots)
    inside = line_of_error(error.__traceback__)
    if inside is not None and not (answers or constants or unreached):
        answers = [raised_here(inside)]
    return Failure(type(error).__name__, message, line, tuple(answers), constants, unreached, inside)


def _without_derivative(story: Story, roots: Sequence[Tensor]) -> list[Answer]:
    """Name the calls whose derivative torch does not have."""
    tags = [tag for node, tag in lines_of_nodes(roots).items() if node.name().endswith("NotImplemented")]
    lines = tuple((f"{_name(story, tag)} has none", tag[1]) for tag in tags)
    reason = "The loss was computed by an operation for which torch has no derivative."
    mend = "put something differentiable in its place (x / n for x // n, a sigmoid for a step); or detach() its input"
    return [Answer("refused", reason, lines, mend, "discrete")] if lines else []


def _name(story: Story, tag: Tag) -> str:
    event = story.events.get(tag[0])
    return event.name.strip("_") if event is not None else "it"
