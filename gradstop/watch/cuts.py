"""The words for a cut: what each way of leaving the graph is, and what to write in its place."""

from gradstop.watch.events import Event
from gradstop.watch.flow import Flow
from gradstop.watch.lines import Line
from gradstop.watch.words import Answer

_WHAT = {
    "detach": "detach() makes a constant",
    "data": ".data makes a constant",
    "copied": "a copy of the values, without history",
    "discrete": "has no derivative",
    "inside": "what comes out has no history",
    "no_grad": "not recorded: grad mode is off",
    "left": "leaves torch: a number or an array",
}
_MEND = {
    "detach": "leave the detach() out where the gradient has to pass",
    "data": "use the tensor itself in the place of .data",
    "copied": "use the tensor itself, or clone() for a copy that stays in the graph",
    "discrete": "put something differentiable in its place (softmax, a sigmoid), or go straight through",
    "inside": "look in it for detach(), item(), no_grad, or what has no derivative",
    "no_grad": "compute this outside no_grad, or leave the block before what has to learn",
    "left": "stay with torch's operations up to the loss; take numbers out for printing only",
}
_READ = {
    "detach": "detach",
    "data": "data",
    "copied": "rewrapped",
    "discrete": "discrete",
    "inside": "detach",
    "no_grad": "no_grad",
    "left": "numpy",
}


def cut_lines(flow: Flow, events: list[Event]) -> tuple[tuple[str, Line], ...]:
    """Return a line for each cut, and where grad mode was switched off for those that were not recorded."""
    lines: dict[Line, str] = {}
    for event in sorted(events, key=lambda event: event.number):
        how = flow.cut(event) or "copied"
        lines.setdefault(event.line, f"{event.name}: {_WHAT[how]}")
        if how == "no_grad" and (off := flow.story.switched_off(event)) is not None:
            lines.setdefault(off, "grad mode is switched off")
    return tuple((what, line) for line, what in lines.items())


def cut_answer(flow: Flow, reason: str, events: list[Event], *notes: str) -> Answer:
    """Return the answer for one or several cuts."""
    ordered = sorted(events, key=lambda event: event.number)
    how = flow.cut(ordered[0]) or "copied"
    return Answer("cut", reason, cut_lines(flow, ordered), _MEND[how], _READ[how], notes)
