"""Explains an error that is not a backward's: a call that torch refused, a gradient that was read and is not there."""

from collections.abc import Callable

from gradstop.watch.constants import FROM_TENSOR, MOST_LEFT, had_history
from gradstop.watch.events import Story
from gradstop.watch.kinds import LEAVING
from gradstop.watch.lines import Line
from gradstop.watch.no_gradient import NoGradient
from gradstop.watch.refused_call import Call, last, made_by
from gradstop.watch.refused_in_func import in_place_in_vmap, number_in_vmap, number_returned, without_setup
from gradstop.watch.words import Answer

_OUT = "functions with out=... arguments"


def explain_refusal(story: Story, reader: NoGradient, error: BaseException, line: Line | None) -> list[Answer]:
    """Return what is known of an error that ended the block.

    Args:
        story: what was seen.
        reader: says why a tensor has no gradient.
        error: what was raised.
        line: the user's line that it came by.

    """
    message = str(error)
    if isinstance(error, ValueError) and "can't optimize a non-leaf Tensor" in message:
        return [reader.interior(number, reader.names.of(number)) for number in story.not_leaves[:1]]
    if isinstance(error, ValueError) and "got an empty parameter list" in message and story.empty is not None:
        return [story.empty]
    if isinstance(error, AttributeError) and "has no attribute 'backward'" in message:
        return _no_tensor(story, reader)
    if isinstance(error, TypeError | AttributeError) and "NoneType" in message and line is not None:
        return _gradient_not_there(story, reader, line)
    if "DataLoader worker process" in message and _OUT in message:
        return _sent(story)
    if "_scale is None" in message:
        return _not_scaled(story)
    if "to return only tensors" in message:
        return number_returned(story)
    refused = story.refused
    if refused is None or refused.message != message:
        return []
    return next(
        (explain(Call(story, reader.names, refused)) for text, explain in _REFUSALS.items() if text in message), []
    )


def _no_tensor(story: Story, reader: NoGradient) -> list[Answer]:
    """Name where what had a history left torch last, where that is so."""
    events = (event for event in story.events.values() if event.name in LEAVING and had_history(reader.flow, event))
    left = list(dict.fromkeys((f"{event.name}: leaves torch", event.line) for event in events))
    reason = "What backward was called on is a number of Python: what had a history left torch before."
    return [Answer("cut", reason, tuple(left[-MOST_LEFT:]), FROM_TENSOR, "numpy")] if left else []


def _not_scaled(story: Story) -> list[Answer]:
    lines = tuple(("this backward was not scaled", record.line) for record in story.backwards[-1:])
    reason = "The scaler is to step, and no loss was scaled by it."
    mend = "scaler.scale(loss).backward() in the place of loss.backward()"
    return [Answer("refused", reason, lines, mend, "No inf checks were recorded for this optimizer")]


def _sent(story: Story) -> list[Answer]:
    reason = "A worker of a DataLoader was to send tensors with a history, and these cannot be put together there."
    lines = tuple(("the worker was started here", line) for line in list(story.processes)[-1:])
    mend = "let the data set return data alone, and call the model in the loop: model(x)"
    return [Answer("refused", reason, lines, mend, "sent")]


def _gradient_not_there(story: Story, reader: NoGradient, line: Line) -> list[Answer]:
    read = next((number for number, at, _ in reversed(story.read_none) if at.where == line.where), None)
    if read is None:
        return []
    what = reader.names.of(read)
    tensor = reader.names.tensor(read)
    if tensor is not None:
        answer = reader.why(tensor)
        return [answer] if answer is not None else []
    made = story.made(read)
    return [reader.interior(read, what) if made is not None else reader.missing(read, what)]


def _leaf(call: Call) -> list[Answer]:
    number = next(iter(call.refused.inputs), 0)
    flag = call.story.frozen.get(number)
    made = call.story.made(number)
    lines: tuple[tuple[str, Line], ...] = ((f"{made.name} made it here", made.line),) if made else ()
    lines += (("the flag was set here", flag[1]),) if flag and flag[0] else ()
    lines = (*lines, (f"{call.refused.name} writes here", call.refused.line))
    reason = f"{call.names.of(number)} is a leaf that requires grad, and a recorded call was to write it in place."
    mend = "write it inside torch.no_grad(), or out of place (y = x + 1)"
    return [Answer("refused", reason, lines, mend, "leaf")]


def _views(call: Call) -> list[Answer]:
    made = last(call, lambda event: len(event.outputs) > 1) or last(call, lambda _: True)
    lines: tuple[tuple[str, Line], ...] = ((f"{made.name} made the views", made.line),) if made else ()
    lines = (*lines, (f"{call.refused.name} writes here", call.refused.line))
    reason = "One of several views that one call made was to be written in place, and that is refused."
    return [Answer("refused", reason, lines, "write into a clone() of it, or out of place", "views")]


def _inference(call: Call) -> list[Answer]:
    made = last(call, lambda event: not event.grad_mode)
    lines: tuple[tuple[str, Line], ...] = ()
    if made is not None:
        lines = (("made in inference mode", made.line),)
        off = made.off
        if off and off.number and off.where != made.line.where:
            lines += (("inference mode is on from here", off),)
    lines = (*lines, (f"{call.refused.name} needs it here", call.refused.line))
    reason = "Outside of inference mode, what was made in it is not saved for a backward, written, or given a flag."
    mend = "make it under no_grad instead, or clone() it outside of that block"
    return [Answer("refused", reason, lines, mend, "inference")]


def _copied(call: Call) -> list[Answer]:
    reason = "Only a leaf can be copied by deepcopy, and this is an interior tensor."
    event = call.story.made(next(iter(call.refused.inputs), 0))  # the others are what was copied before
    made = ((f"{event.name} made it here", event.line),) if event is not None else ()
    lines = (*made, ("copied here", call.refused.line))
    mend = "x.detach().clone() in its place; in an attribute of a module keep x.detach()"
    return [Answer("refused", reason, lines, mend, "deepcopy")]


def _flags(call: Call) -> list[Answer]:
    reason = "The flag of an interior tensor follows from what it was made of, and was to be set."
    mend = "cut it with detach(), or freeze what it was made of"
    return [Answer("refused", reason, (*made_by(call), ("the flag is set here", call.refused.line)), mend, "flags")]


def _number(call: Call) -> list[Answer]:
    reason = f"{call.refused.name}() would take what has a history out of torch."
    mend = "x.detach().numpy() for printing and saving; stay with torch's operations for what has to learn"
    return [Answer("refused", reason, (("leaves torch here", call.refused.line),), mend, "numpy")]


def _detached_view(call: Call) -> list[Answer]:
    reason = "detach_() would cut a view from its base in place, and that is refused."
    lines = (*made_by(call), ("detach_() is called here", call.refused.line))
    return [Answer("refused", reason, lines, "x = x.detach() in its place", "detach views")]


def _not_scalar(call: Call) -> list[Answer]:
    root = call.names.tensor(next(iter(call.refused.inputs), 0))
    if root is not None and root.is_complex():
        reason, mend = "Backward was called on a complex number.", "a real loss: z.abs().square(), z.real"
    else:
        reason, mend = "Backward was called on more than one number.", "loss.mean() or loss.sum(), for one number"
    return [Answer("not a scalar", reason, made_by(call), mend, "scalar")]


def _out(call: Call) -> list[Answer]:
    reason = f"{call.refused.name} was to write into out=, and one of its inputs requires grad."
    lines = ((f"{call.refused.name} writes here", call.refused.line),)
    return [Answer("refused", reason, lines, "take what it returns in the place of out=", "out")]


_REFUSALS: dict[str, Callable[[Call], list[Answer]]] = {
    "data-dependent control flow": number_in_vmap,
    "vmap: inplace arithmetic": in_place_in_vmap,
    "doesn't match the broadcast shape": in_place_in_vmap,
    "a leaf Variable that requires grad": _leaf,
    "view of a leaf Variable": _leaf,
    "is a view and is being modified inplace": _views,
    "Inference tensors cannot be saved": _inference,
    "Inplace update to inference tensor": _inference,
    "Setting requires_grad=True on inference tensor": _inference,
    "support the deepcopy protocol": _copied,
    "you can only change requires_grad flags of leaf variables": _flags,
    "Can't call numpy() on Tensor that requires grad": _number,
    "Can't detach views in-place": _detached_view,
    "grad can be implicitly created only for": _not_scalar,
    _OUT: _out,
    "must override the setup_context staticmethod": without_setup,
}
