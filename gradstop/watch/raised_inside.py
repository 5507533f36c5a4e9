"""Errors of what a backward calls: the backward of a Function, a hook, the second run of a checkpoint."""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.autograd.graph import Node

from gradstop.internals.torch_graph import custom_backward
from gradstop.watch.events import Story
from gradstop.watch.lines import Line, definition
from gradstop.watch.walk import lines_of_nodes
from gradstop.watch.words import Answer, counted

MOST = 3
_COUNT = re.compile(r"function (\w+) returned an incorrect number of gradients \(expected (\d+), got (\d+)\)")
_POSITION = re.compile(r"function (\w+) returned a gradient different than None at position (\d+)")
_SHAPE = re.compile(r"Function (\w+) returned an invalid gradient at index (\d+)")
Lines = tuple[tuple[str, Line], ...]


def explain_inside(story: Story, message: str, roots: Sequence[Tensor]) -> list[Answer]:
    """Return what is known of an error with this message, that a backward from these tensors raised."""
    raised = _Raised(story, message, roots)
    return next((explain(raised) for text, explain in _EXPLAINED.items() if text in message), [])


def raised_here(line: Line) -> Answer:
    """Return the answer for an error of the user's own code that a backward called."""
    reason = "This backward called code of yours that raised the error: a hook, or the backward of a Function."
    return Answer("raised", reason, (("raised here", line),), "mend that line, or take the hook off", "hooks")


@dataclass(frozen=True)
class _Raised:
    """An error of a backward."""

    story: Story
    message: str
    roots: Sequence[Tensor]


def _calls(roots: Sequence[Tensor], meant: Callable[[Node], bool]) -> Lines:
    """Return where the nodes that are meant were made, and where the backward of their Functions is written."""
    found: dict[Line, str] = {}
    for node, tag in lines_of_nodes(roots).items():
        if meant(node):
            own = custom_backward(node)
            found.setdefault(tag[1], "apply() was called here" if own else "it was made here")
            if own is not None and inspect.isfunction(written := inspect.unwrap(own)):
                found.setdefault(definition(written.__code__), "its backward is here")
    return tuple((what, line) for line, what in found.items())[: 2 * MOST]


def _count(raised: _Raised) -> list[Answer]:
    match = _COUNT.search(raised.message)
    if match is None:
        return []
    name, expected, got = match.groups()
    took, returns = counted(int(expected), "argument"), counted(int(got), "gradient")
    reason = f"forward took {took} after ctx, and this backward returns {returns}."
    mend = "return one for each argument, in their order: None for what needs none"
    return [_of_function(raised, name, reason, mend, "function")]


def _shape(raised: _Raised) -> list[Answer]:
    match = _SHAPE.search(raised.message)
    if match is None:
        return []
    name, place = match.groups()
    reason = f"what backward returned at index {place} does not fit the argument of forward at index {place}."
    mend = "return each gradient in the shape, dtype and device of its argument: g.t() @ x for the weight of x @ w.t()"
    return [_of_function(raised, name, reason, mend, "invalid gradient")]


def _position(raised: _Raised) -> list[Answer]:
    match = _POSITION.search(raised.message)
    if match is None:
        return []
    name, place = match.groups()
    number = int(place) - 1
    reason = f"its backward returns a gradient at index {number}, and the argument of forward there is no tensor."
    mend = "return the gradients in the order of forward's arguments, None for what is no tensor"
    return [_of_function(raised, name, reason, mend, "invalid gradient")]


def _without_backward(raised: _Raised) -> list[Answer]:
    lines = _calls(raised.roots, lambda node: isinstance(node, FunctionCtx) and custom_backward(node) is None)
    reason = "A Function of yours has no backward, and a gradient came to it."
    mend = "write its backward, or compute it with torch's operations, which have one"
    return [Answer("function", reason, tuple(("it was applied here", line) for _, line in lines), mend, "no backward")]


def _twice(raised: _Raised) -> list[Answer]:
    applied = (event for event in raised.story.events.values() if event.name.endswith(".apply"))
    last = list(dict.fromkeys(event.line for event in applied))[-MOST:]
    lines = tuple(("a Function is applied here", line) for line in last)
    reason = "A gradient of a gradient came to a Function whose backward may be differentiated once only."
    mend = "leave @once_differentiable out, and compute with torch's operations on saved tensors alone in its backward"
    return [Answer("function", reason, lines, mend, "by hand")]


def _hook(raised: _Raised) -> list[Answer]:
    lines = tuple(("a hook was put on here", line) for line in dict.fromkeys(raised.story.hooked.values()))
    reason = "A hook returned something of another shape or dtype than the gradient that it was given."
    return [Answer("hook", reason, lines[:MOST], "return a gradient of the same shape and dtype, or None", "hook size")]


def _checkpoint(raised: _Raised) -> list[Answer]:
    """Name the last call that the second run made as the first did, and what came next in the first."""
    began = raised.story.backwards[-1].number
    events = list(raised.story.events.values())
    again = [event for event in events if event.number > began]
    lines: Lines = ()
    if again:
        last = again[-1]
        lines = ((f"the second run ended after {last.name}", last.line),)
        same = [i for i, e in enumerate(events) if e.number < began and (e.line, e.name) == (last.line, last.name)]
        after = events[same[-1] + 1] if same else None
        if after is not None and after.number < began:
            lines = ((f"in the forward {after.name} came next", after.line), *lines)
    reason = "A checkpointed function did something else when backward ran it for the second time."
    mend = "let nothing that it reads change in between: a counter, .train() and .eval(), a global, random numbers"
    return [Answer("checkpoint", reason, lines, mend, "checkpoint differs")]


def _reentrant(raised: _Raised) -> list[Answer]:
    made = _calls(raised.roots, lambda node: node.name().startswith("CheckpointFunction"))
    lines = tuple(("checkpointed here", line) for what, line in made if what.startswith("apply"))
    reason = "A checkpoint with use_reentrant=True knows backward() alone, and gradients of some tensors were asked."
    return [Answer("checkpoint", reason, lines, "use_reentrant=False", "checkpoint grad")]


def _of_function(raised: _Raised, node_name: str, reason: str, mend: str, read: str) -> Answer:
    """Say of the Function whose nodes have this name what is wrong with its backward."""
    lines = _calls(raised.roots, lambda node: node.name() == node_name)
    function = re.sub(r"Backward\d*$", "", node_name)
    return Answer("function", f"{function}: {reason}", lines, mend, read)


_EXPLAINED: dict[str, Callable[[_Raised], list[Answer]]] = {
    "returned an incorrect number of gradients": _count,
    "returned an invalid gradient at index": _shape,
    "returned a gradient different than None": _position,
    "You must implement either the backward or vjp": _without_backward,
    "marked with @once_differentiable": _twice,
    "has changed the size of value": _hook,
    "has changed the type of value": _hook,
    "torch.utils.checkpoint: ": _checkpoint,
    "When use_reentrant=True": _reentrant,
}
