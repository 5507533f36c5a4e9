"""Why a leaf that was used has no gradient: cut on the way, no backward, or one from another loss."""

from gradstop.watch.cuts import cut_answer, leaves_after
from gradstop.watch.flow import Flow
from gradstop.watch.kinds import INSIDE, LEAVING
from gradstop.watch.lines import Line
from gradstop.watch.names import Names
from gradstop.watch.reached import Reached
from gradstop.watch.records import Event
from gradstop.watch.words import Answer

DERIVATIVE = "derivative"
_COPIES = ("__deepcopy__", "_load_from_state_dict")  # what is copied there is another network's


class Used:
    """Answers from the calls of one story.

    Args:
        flow: the calls.
        names: what tensors are called.
        refused: where a backward was refused, if one was.

    """

    def __init__(self, flow: Flow, names: Names, refused: Line | None):
        self.flow, self.names, self.refused = flow, names, refused
        self.story = flow.story

    def why(self, number: int, what: str) -> Answer:
        """Return the answer for a leaf that requires grad, was used, and has no gradient."""
        reached = self.flow.after(number)
        cuts, tracked = self._followed(number)
        picks = self._picks(number)
        fills = [record for record in self.story.backwards if record.accumulates and not record.failed]
        failed = [record for record in self.story.backwards if record.failed]
        roots = {root for record in fills for root in record.roots}
        roots |= {root for record in failed for root in record.roots if root not in self.flow.tracked}
        leading = [event for event in [*picks, *cuts] if self._leads(event, roots)]
        first = next(event for event in self.flow.users[number] if number not in event.written)
        if not leading and not fills:
            gone = (("backward was refused here", self.refused),) if self.refused else ()
            last = max(reached.events.values(), key=lambda event: event.number)
            raised = any(root in tracked for record in failed for root in record.roots)
            if cuts and not raised and not self._tracked_ends(reached):
                return cut_answer(self.flow, f"{what} was used, and all that came of it was cut.", cuts)
            if cuts and gone and not raised:
                return cut_answer(self.flow, f"{what} was used, and its history ends on the way to the loss.", cuts)
            lines = (("used here", first.line), ("the last that came of it", last.line), *gone)
            reason = f"{what} was used, but no backward came in this block."
            if raised:
                reason = f"{what} was used, and the backward that was to fill it raised."
                return Answer("no backward", reason, lines, "mend what that error is about", "fills")
            return Answer("no backward", reason, lines, "call backward() on what was computed from it", "fills")
        if leading:
            lines_count = len({event.line.where for event in leading})
            on = "" if lines_count == 1 else f" ({lines_count} cuts)"
            return cut_answer(self.flow, f"{what} was used, and its history ends on the way to the loss{on}.", leading)
        exits = [event for event in cuts if event.name in LEAVING or self._comes_back(event, roots)]
        if cuts and (exits or not self._tracked_ends(reached)):
            backward = tuple(dict.fromkeys(record.line for record in fills))
            answer = cut_answer(self.flow, f"{what} was used, and what came of it was cut.", cuts)
            lines = (*answer.lines, *(("backward came from here", line) for line in backward[:2]))
            return Answer("cut", answer.reason, lines, answer.mend, answer.read)
        last = max(reached.events.values(), key=lambda event: event.number)
        lines = (("used here", first.line), ("the last that came of it", last.line))
        lines += tuple(("backward came from here", line) for line in dict.fromkeys(r.line for r in fills[:3]))
        inside = [event for event in reached.events.values() if event.name.startswith(INSIDE)]
        if inside and roots & reached.tensors.keys():
            reason = f"{what} went into a {inside[0].name.split()[0]} call, and its history ends in there."
            return cut_answer(self.flow, reason, inside)
        if roots & reached.tensors.keys() and any(event.name == "autograd.grad" for event in reached.events.values()):
            reason = f"{what} was used, but the loss is of a derivative, which does not depend on it."
            return Answer(DERIVATIVE, reason, lines, "add a term of the value itself, if it is to learn", "not used")
        reason = f"{what} was used, but no loss that went backward was computed from it."
        return Answer("other loss", reason, lines, "add what was computed from it to the loss", "fills")

    def _followed(self, number: int) -> tuple[list[Event], set[int]]:
        """Return the cuts at the end of the tracked ways from a tensor, and the tensors on these ways."""
        cuts: dict[int, Event] = {}
        queue, seen = [number], {number}
        while queue:
            at = queue.pop()
            for event in self.flow.users.get(at, ()):
                if self.flow.cut(event):
                    if any(n == at and tracked for n, tracked in event.inputs):
                        cuts[event.number] = event
                    continue
                for output, _ in event.outputs:
                    if output in self.flow.tracked and output not in seen:
                        seen.add(output)
                        queue.append(output)
            for other in self.flow.aliases.get(at, ()):
                queue += [other] if other not in seen and other in self.flow.tracked else []
                seen.add(other)
        meant = [
            event for event in cuts.values() if event.line.library is None or event.line.library.function not in _COPIES
        ]
        return sorted(meant or cuts.values(), key=lambda event: event.number), seen

    def _picks(self, number: int) -> list[Event]:
        """Return the calls on the tracked ways from a tensor of which a part has no derivative."""
        reached = self.flow.after(number).events.values()
        return [event for event in reached if self.flow.constants_of(event)]

    def _leads(self, event: Event, roots: set[int]) -> bool:
        starts = self.flow.constants_of(event) or {number for number, _ in event.outputs}
        starts |= {n for n, _ in event.inputs} if not event.outputs else set()
        for start in starts:
            reached = self.flow.after(start).tensors if event.outputs else self._after_leaving(start)
            if roots & reached.keys():
                return True
        return False

    def _after_leaving(self, number: int) -> dict[int, object]:
        """Follow what left torch as a number into what was made of that number."""
        found: dict[int, object] = {}
        for event in self.flow.users.get(number, ()):
            if number in (event.note or ()) and not event.inputs:
                for output, _ in event.outputs:
                    found |= self.flow.after(output).tensors
        return found

    def _comes_back(self, event: Event, roots: set[int]) -> bool:
        """Whether what was detached left torch, and a loss was made of numbers that came after it in the same round."""
        if not leaves_after(self.flow, event):
            return False
        anew = [made for root in roots for made in self.flow.before(root).outside.values()]
        return any(made.number > event.number and made.epoch == event.epoch for made in anew)

    def _tracked_ends(self, reached: Reached) -> bool:
        """Whether something with a history that came of it was taken no further."""
        return any(
            number in self.flow.tracked and number not in self.flow.users and reached.tensors[number] is not None
            for number in reached.tensors
        )
