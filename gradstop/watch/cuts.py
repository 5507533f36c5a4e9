"""The words for a cut: what each way of leaving the graph is, and what to write in its place."""

import os
from collections.abc import Iterable

from gradstop.watch.flow import Flow
from gradstop.watch.kinds import ANEW, DRAWS, INSIDE, LEAVING
from gradstop.watch.lines import Line
from gradstop.watch.records import Event
from gradstop.watch.words import Answer

_WHAT = {
    "detach": "detach() makes a constant",
    "data": ".data makes a constant",
    "copied": "a copy of the values, without history",
    "listed": "a copy of their values, without history",
    "discrete": "has no derivative",
    "indices": "its indices have no derivative",
    "inside": "the history ends in it",
    "no_grad": "not recorded: grad mode is off",
    "gradient": "a gradient is a constant",
    "function": "not recorded: inside a Function's forward",
    "parameter": "a new leaf, with the values alone",
    "left": "leaves torch: a number or an array",
    "copy": "leaves of its own, with the values alone",
    "vector": "writes the values into leaves",
    "state": "a state_dict has the values alone",
    "drawn": "what is drawn has no derivative",
}
COPIED = "torch.func.functional_call(net, {name: tensor}, (x,)) keeps the way back; or hand on: p.grad = q.grad"
UPDATED = "write a step into the leaf itself: with torch.no_grad(): w -= lr * w.grad"
_MEND = {
    "detach": "leave the detach() out where the gradient has to pass",
    "data": "use the tensor itself in the place of .data",
    "copied": "use the tensor itself, or clone() for a copy that stays in the graph",
    "listed": "torch.stack([...]) in its place keeps their histories",
    "discrete": "put something differentiable in its place (softmax, a sigmoid), or go straight through",
    "indices": "let its values go into the loss too: weigh what was picked with them, or a softmax of them",
    "inside": "look in it for detach(), item(), no_grad, or what has no derivative",
    "no_grad": "compute this outside no_grad, or leave the block before what has to learn",
    "gradient": "create_graph=True, where the loss is to be differentiated through it",
    "function": "give it to apply() as an argument, and return its gradient from backward",
    "parameter": "use the tensor itself: nn.Parameter is for what the model owns, made once",
    "left": "stay with torch's operations up to the loss; take numbers out for printing only",
    "switch": "it is False there: look at its argument, and call set_grad_enabled(True) after what is evaluated",
    "copy": COPIED,
    "state": "dict(net.named_parameters()) in its place: these are the parameters themselves",
    "drawn": "weigh what follows with its log-probability (Categorical.log_prob), or F.gumbel_softmax in its place",
    "vector": "split it, and call torch.func.functional_call(net, {name: part}, (x,)), which keeps the history",
}
_AGAIN = {"cpu", "to", "clone", "float", "double", "detach", "squeeze", "flatten", "contiguous"}
_READ = {
    "detach": "detach",
    "data": "data",
    "copied": "rewrapped",
    "listed": "rewrapped",
    "discrete": "discrete",
    "indices": "discrete",
    "inside": "detach",
    "no_grad": "no_grad",
    "gradient": "second order",
    "function": "function",
    "parameter": "rewrapped",
    "left": "numpy",
    "copy": "call",
    "vector": "call",
    "state": "call",
    "drawn": "discrete",
}


_OF_PACKAGE = "the package switches it off there: call another part of it (the model in the place of its predict)"
# Who switched grad mode off, where that was a library: the mend and the section.
_OFF = {
    os.path.join("torch", "distributions"): (
        "rsample() in the place of sample(), or log_prob() of the sample",
        "no_grad",
    ),
    os.path.join("torch", "utils", "checkpoint.py"): (
        "use_reentrant=False, or an input that requires grad: x.requires_grad_()",
        "checkpoint",
    ),
}


def cut_lines(flow: Flow, events: list[Event]) -> tuple[tuple[str, Line], ...]:
    """Return a line for each cut, and where grad mode was switched off for those that were not recorded."""
    lines: dict[Line, str] = {}
    for event in sorted(events, key=lambda event: event.number):
        how = _how(flow, event)
        name = "deepcopy" if how == "copy" else event.name
        lines.setdefault(event.line, f"{name}: {_WHAT[how]}")
        if how == "no_grad" and (off := event.off) and off.number:
            lines.setdefault(off, f"grad mode is {'switched off' if off.where != event.line.where else 'off in here'}")
    return tuple((what, line) for line, what in lines.items())


def cut_answer(flow: Flow, reason: str, events: list[Event], *notes: str) -> Answer:
    """Return the answer for one or several cuts."""
    ordered = sorted(events, key=lambda event: event.number)
    first = next((event for event in ordered if event.name not in DRAWS | {"autograd.grad"}), ordered[0])
    how = _how(flow, first)
    how = "left" if how == "detach" and leaves_after(flow, first) else how
    mend, read = _MEND[how], _READ[how]
    if first.name == "data =" and first.inputs[0][0] in flow.story.parameters:
        mend, read = COPIED, _READ["copy"]
    off = first.off if how == "no_grad" else None
    if off is not None and flow.is_update(first, [number for number, _ in first.inputs]):
        mend, read = UPDATED, "no_grad"
    elif off is not None and off.library is None and "set_grad_enabled(" in off.code:
        mend = _MEND["switch"]
    elif off is not None and off.package is not None:
        mend = _OF_PACKAGE
    elif off is not None and off.library is not None:
        mend, read = next((own for path, own in _OFF.items() if path in off.library.file), (mend, read))
    return Answer("cut", reason, cut_lines(flow, ordered), mend, read, notes)


def leaves_after(flow: Flow, event: Event) -> bool:
    """Whether all that a call made left torch at once: without a detach that would be refused."""
    queue = [number for number, _ in event.outputs]
    seen, left = set(queue), False
    while queue:
        for user in flow.users.get(queue.pop(), ()):
            if user.name not in LEAVING and user.name not in _AGAIN:
                return False
            left |= user.name in LEAVING
            new = {number for number, _ in user.outputs} - seen
            seen |= new
            queue += new
    return left


def _how(flow: Flow, event: Event) -> str:
    if event.copies:
        return "copy"
    if event.name.startswith(INSIDE):
        return "inside"
    if event.line.library is not None and event.line.library.function == "vector_to_parameters":
        return "vector"
    if event.name == "detach" and "state_dict(" in event.line.code:
        return "state"
    if event.name in DRAWS and event.grad_mode:
        return "drawn"
    if event.name in ANEW and len(event.inputs) > 1:
        return "listed"
    return flow.cut(event) or ("indices" if flow.constants_of(event) else "no_grad" if event.off else "copied")


def times_cut(lines: Iterable[tuple[str, Line]]) -> str:
    """Return at how many lines there are cuts, in words."""
    count = len({line.where for _, line in lines})
    return "once" if count == 1 else f"at {count} lines"
