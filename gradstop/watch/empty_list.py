"""Why an optimizer was given nothing."""

from types import GeneratorType
from typing import Any

from torch import nn

from gradstop.watch.events import Story
from gradstop.watch.lines import Line
from gradstop.watch.unregistered import unregistered
from gradstop.watch.words import Answer

_MADE = "the optimizer was made here"


def is_spent(given: Any) -> bool:
    """Whether a generator has given all it had."""
    return isinstance(given, GeneratorType) and given.gi_frame is None


def module_of(given: Any) -> nn.Module | None:
    """Return the module whose ``parameters()`` this is, None where it is something else."""
    frame = given.gi_frame if isinstance(given, GeneratorType) else None
    module = frame.f_locals.get("self") if frame is not None else None
    return module if isinstance(module, nn.Module) else None


def why_empty(story: Story, spent: bool, module: nn.Module | None, line: Line) -> Answer:
    """Explain an empty list of parameters; to be called while the module is there."""
    if spent:
        reason = (
            "The optimizer got no parameter: parameters() gives each once, and this one was read to its end before."
        )
        return Answer(
            "empty", reason, ((_MADE, line),), "call net.parameters() anew, or keep list(...) of it", "optimizer"
        )
    if module is None:
        frozen = {at: None for flag, at in story.frozen.values() if not flag}
        lines = (*(("frozen here", at) for at in list(frozen)[-2:]), (_MADE, line))
        reason = "The optimizer got no parameter: the list that it was given is empty."
        return Answer(
            "empty", reason, lines, "print the names that the list is to have, before it is made", "optimizer"
        )
    kind, made = type(module).__name__, dict[Line, None]()
    reason = f"The optimizer got no parameter: {kind} has none that is registered."
    for owner, name, parameter in unregistered(list(module.modules())):
        known = story.find(parameter)
        at = known and (story.registered.get(known.number) or story.first_lines.get(known.number))
        if not made:
            reason += (
                f" What is in {type(owner).__name__}.{name} is not: a list, a dict or a plain tensor is not registered."
            )
        if at:
            made[at] = None
    mend = "nn.ModuleList, nn.ModuleDict, nn.ParameterList or nn.Parameter for what it has to learn"
    return Answer("empty", reason, (*(("made here", at) for at in list(made)[:4]), (_MADE, line)), mend, "optimizer")
