"""Why a result has no history: it was cut, it left torch, or nothing that it was made of requires grad."""

from gradstop.watch.cuts import cut_answer, cut_lines, times_cut
from gradstop.watch.flow import Flow
from gradstop.watch.kinds import LEAVING
from gradstop.watch.lines import Line
from gradstop.watch.names import Names
from gradstop.watch.records import Event
from gradstop.watch.words import Answer

MOST_LEFT = 3
FROM_TENSOR = "compute it with torch's operations, from the tensor itself"


def why_constant(flow: Flow, names: Names, number: int, what: str) -> Answer:
    """Explain why a result has no history."""
    story, origin = flow.story, flow.before(number)
    cuts = list(origin.cuts.values())
    if cuts:
        return cut_answer(flow, f"{what} has no history: it was cut {times_cut(cut_lines(flow, cuts))}.", cuts)
    left = [event for event in story.events.values() if event.name in LEAVING and had_history(flow, event)]
    own = [n for n in origin.ends if n in story.parameters or n in story.frozen]
    if left and (origin.outside or (origin.ends and not own)):
        gone = dict.fromkeys((f"{event.name}: leaves torch", event.line) for event in left)
        later = [event for event in origin.outside.values() if event.number > left[0].number]
        made = dict.fromkeys((f"{event.name}: made anew here", event.line) for event in later)
        if not later:  # by a constructor that is no call of torch's, such as torch.FloatTensor([...])
            users = [flow.users[n][0] for n in origin.ends if n not in own and n in flow.users]
            made = dict.fromkeys(("first used here", event.line) for event in users if event.number > left[0].number)
        reason = f"{what} was made anew from numbers: what had a history left torch before."
        return Answer("cut", reason, (*list(gone)[-MOST_LEFT:], *made), FROM_TENSOR, "numpy")
    found = [story.gradients[n] for n in origin.ends if n in story.gradients]
    if found:
        filled = [record for record in story.backwards if record.accumulates and found[0] in record.filled]
        lines = tuple(("filled here, as a constant", record.line) for record in filled[-1:])
        reason = f"{what} has no history: it comes from a .grad, and what backward fills is a constant."
        mend = "torch.autograd.grad(loss, x, create_graph=True) in the place of backward() and .grad"
        return Answer("cut", reason, lines, mend, "second order")
    frozen = [(n, story.frozen[n]) for n in origin.ends if n in story.frozen]
    lines = tuple({at: (f"{names.of(n)} is frozen", at) for n, (flag, at) in frozen if not flag}.values())
    reason = f"{what} has no history: nothing that it was computed from requires grad."
    if lines:
        return Answer("frozen", reason, lines, "set requires_grad=True on what has to learn", "frozen")
    event = story.made(number)
    where: tuple[tuple[str, Line], ...] = (("made here", event.line),) if event else ()
    return Answer("constant", reason, where, "requires_grad=True on what has to learn, before the forward", "fills")


def had_history(flow: Flow, event: Event) -> bool:
    """Whether what left torch had a history, or was cut from one just before."""
    return bool(flow.cut(event)) or any(flow.before(number).cuts for number, _ in event.inputs)
