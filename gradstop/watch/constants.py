"""Why a result has no history: it was cut, it left torch, or nothing that it was made of requires grad."""

import linecache
import re

from gradstop.watch.cuts import cut_answer, cut_lines, times_cut
from gradstop.watch.flow import Flow
from gradstop.watch.kinds import LEAVING
from gradstop.watch.lines import Line
from gradstop.watch.names import Names
from gradstop.watch.records import Event
from gradstop.watch.words import Answer

MOST_LEFT = 3
MOST_ABOVE = 20
_CONSTRUCTOR = re.compile(r"\b(?:torch\.|Float|Double|Half|BFloat16)Tensor\(")
FROM_TENSOR = "compute it with torch's operations, from the tensor itself"


def why_constant(flow: Flow, names: Names, number: int, what: str) -> Answer:
    """Explain why a result has no history."""
    story, origin = flow.story, flow.before(number)
    cuts = list(origin.cuts.values())
    if cuts:
        return cut_answer(flow, f"{what} has no history: it was cut {times_cut(cut_lines(flow, cuts))}.", cuts)
    left = [event for event in story.events.values() if event.name in LEAVING and had_history(flow, event)]
    own = [n for n in origin.ends if n != number and (n in story.parameters or n in story.frozen)]
    root = story.made(number)
    if not origin.outside and (root is None or origin.ends != [number]):  # numbers that an index or a factor took in
        left = [event for event in left if root is None or event.epoch == root.epoch]
    if left and (origin.outside or not own):
        gone = dict.fromkeys((f"{event.name}: leaves torch", event.line) for event in left)
        later = [event for event in origin.outside.values() if event.number > left[0].number]
        made = dict.fromkeys((f"{event.name}: made anew here", event.line) for event in later)
        if not later:  # by a constructor that is no call of torch's, such as torch.FloatTensor([...])
            users = [flow.users[n][0] for n in origin.ends if n not in own and n in flow.users]
            users = [event for event in users if event.number > left[0].number]
            made = dict.fromkeys(_constructed(event.line) or ("first used here", event.line) for event in users)
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


def _constructed(used: Line) -> tuple[str, Line] | None:
    """Return the line above a first use that calls a constructor of a tensor, which is no call that a watch sees."""
    for number in range(used.number, max(used.number - MOST_ABOVE, 0), -1):
        if _CONSTRUCTOR.search(linecache.getline(used.file, number)):
            return "made anew here", Line(used.file, number, used.function)
    return None


def had_history(flow: Flow, event: Event) -> bool:
    """Whether what left torch had a history, or was cut from one just before."""
    return bool(flow.cut(event)) or any(flow.before(number).cuts for number, _ in event.inputs)
