"""Explains an error that is not a backward's: a call that torch refused, a gradient that was read and is not there."""

from collections.abc import Callable
from dataclasses import dataclass

from gradstop.watch.events import Story
from gradstop.watch.lines import Line
from gradstop.watch.names import Names
from gradstop.watch.no_gradient import NoGradient
from gradstop.watch.records import Event, Refused
from gradstop.watch.words import Answer


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
    if isinstance(error, TypeError | AttributeError) and "NoneType" in message and line is not None:
        return _gradient_not_there(story, reader, line)
    refused = story.refused
    if refused is None or refused.message != message:
        return []
    return next(
        (explain(_Call(story, reader.names, refused)) for text, explain in _REFUSALS.items() if text in message), []
    )


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


@dataclass(frozen=True)
class _Call:
    """A call that was refused."""

    story: Story
    names: Names
    refused: Refused


def _last(call: _Call, ok: Callable[[Event], bool]) -> Event | None:
    """Return the last call of this kind that made one of the inputs of the call that was refused."""
    found = [event for number in call.refused.inputs if (event := call.story.made(number)) is not None and ok(event)]
    return max(found, key=lambda event: event.number, default=None)


def _made_by(call: _Call) -> tuple[tuple[str, Line], ...]:
    made = _last(call, lambda _: True)
    return ((f"{made.name} made it here", made.line),) if made else ()


def _leaf(call: _Call) -> list[Answer]:
    number = next(iter(call.refused.inputs), 0)
    flag = call.story.frozen.get(number)
    made = call.story.made(number)
    lines: tuple[tuple[str, Line], ...] = ((f"{made.name} made it here", made.line),) if made else ()
    lines += (("the flag was set here", flag[1]),) if flag and flag[0] else ()
    lines = (*lines, (f"{call.refused.name} writes here", call.refused.line))
    reason = f"{call.names.of(number)} is a leaf that requires grad, and a recorded call was to write it in place."
    mend = "write it inside torch.no_grad(), or out of place (y = x + 1)"
    return [Answer("refused", reason, lines, mend, "leaf")]


def _views(call: _Call) -> list[Answer]:
    made = _last(call, lambda event: len(event.outputs) > 1) or _last(call, lambda _: True)
    lines: tuple[tuple[str, Line], ...] = ((f"{made.name} made the views", made.line),) if made else ()
    lines = (*lines, (f"{call.refused.name} writes here", call.refused.line))
    reason = "One of several views that one call made was to be written in place, and that is refused."
    return [Answer("refused", reason, lines, "write into a clone() of it, or out of place", "views")]


def _inference(call: _Call) -> list[Answer]:
    made = _last(call, lambda event: not event.grad_mode)
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


def _copied(call: _Call) -> list[Answer]:
    reason = "Only a leaf can be copied by deepcopy, and this is an interior tensor."
    return [
        Answer(
            "refused", reason, (*_made_by(call), ("copied here", call.refused.line)), "x.detach().clone()", "deepcopy"
        )
    ]


def _flags(call: _Call) -> list[Answer]:
    reason = "The flag of an interior tensor follows from what it was made of, and was to be set."
    mend = "cut it with detach(), or freeze what it was made of"
    return [Answer("refused", reason, (*_made_by(call), ("the flag is set here", call.refused.line)), mend, "flags")]


def _number(call: _Call) -> list[Answer]:
    reason = f"{call.refused.name}() would take what has a history out of torch."
    mend = "x.detach().numpy() for printing and saving; stay with torch's operations for what has to learn"
    return [Answer("refused", reason, (("leaves torch here", call.refused.line),), mend, "numpy")]


def _number_in_vmap(call: _Call) -> list[Answer]:
    if call.refused.name in ("__getitem__", "__setitem__"):
        reason = "Inside vmap a tensor is indexed by a number that is another one for each element of the batch."
        mend = "x.gather(0, i[None]) or torch.index_select(x, 0, i[None]) in the place of x[i]"
        return [Answer("refused", reason, (("indexed here", call.refused.line),), mend, "vmap item")]
    reason = f"{call.refused.name}() takes a number out of a tensor that stands for a whole batch inside vmap."
    mend = "torch.where(condition, a, b) in the place of an if; return the tensor, and take numbers out after vmap"
    return [Answer("refused", reason, (("leaves torch here", call.refused.line),), mend, "vmap item")]


def _detached_view(call: _Call) -> list[Answer]:
    reason = "detach_() would cut a view from its base in place, and that is refused."
    lines = (*_made_by(call), ("detach_() is called here", call.refused.line))
    return [Answer("refused", reason, lines, "x = x.detach() in its place", "detach views")]


def _not_scalar(call: _Call) -> list[Answer]:
    root = call.names.tensor(next(iter(call.refused.inputs), 0))
    if root is not None and root.is_complex():
        reason, mend = "Backward was called on a complex number.", "a real loss: z.abs().square(), z.real"
    else:
        reason, mend = "Backward was called on more than one number.", "loss.mean() or loss.sum(), for one number"
    return [Answer("not a scalar", reason, _made_by(call), mend, "scalar")]


def _out(call: _Call) -> list[Answer]:
    reason = f"{call.refused.name} was to write into out=, and one of its inputs requires grad."
    lines = ((f"{call.refused.name} writes here", call.refused.line),)
    return [Answer("refused", reason, lines, "take what it returns in the place of out=", "out")]


def _without_setup(call: _Call) -> list[Answer]:
    reason = f"{call.refused.name} was called inside torch.func, which wants forward and setup_context apart."
    mend = "forward without ctx, and setup_context(ctx, inputs, output) that saves; generate_vmap_rule = True"
    return [Answer("refused", reason, (("called here", call.refused.line),), mend, "setup_context")]


def _in_place_in_vmap(call: _Call) -> list[Answer]:
    if not call.refused.in_func:
        return []
    reason = "Inside vmap a tensor of the batch is to be written into one that is the same for all of it."
    mend = "write out of place (torch.cat, torch.stack, x + y), or make the tensor from a batched one: x.new_zeros(...)"
    return [Answer("refused", reason, ((f"{call.refused.name} writes here", call.refused.line),), mend, "vmap write")]


_REFUSALS: dict[str, Callable[[_Call], list[Answer]]] = {
    "data-dependent control flow": _number_in_vmap,
    "vmap: inplace arithmetic": _in_place_in_vmap,
    "doesn't match the broadcast shape": _in_place_in_vmap,
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
    "functions with out=... arguments": _out,
    "must override the setup_context staticmethod": _without_setup,
}
