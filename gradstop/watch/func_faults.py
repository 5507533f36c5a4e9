"""Gradients and tangents that torch.func gives as zeros, because of a cut or of a slope of zero inside the function."""

from collections.abc import Iterator

from gradstop.watch.cuts import cut_answer
from gradstop.watch.kinds import BORDER, LEAVING
from gradstop.watch.lines import Line
from gradstop.watch.look import Look
from gradstop.watch.records import Event
from gradstop.watch.words import Answer
from gradstop.watch.zero_gradients import STRAIGHT

_CUT = "torch.func took the gradient of a constant, and gave zeros: what the function returned was cut inside it."
_FLAT = "torch.func gave a gradient of zeros: all that the function returned went through what has a slope of zero."
_UNUSED = "torch.func gave a gradient of zeros: the function never used what the gradient was taken by."
_TAKEN = "the gradient is taken here"


class FuncFaults(Look):
    """What was differentiated by torch.func, and has no slope."""

    def all(self) -> Iterator[Answer]:
        """Yield all that was found."""
        for line, (numbers, asked, constant) in self.story.differentiated.items():
            if asked and not any(self.flow.users.get(number) for number in asked):
                yield self._unused(line)
                continue
            if not constant and any(number in self.flow.tracked for number in numbers):
                yield from self._flat(line, numbers)
                continue
            cuts = [event for number in numbers for event in self._cuts(number) or self._switched_off(number)]
            if cuts:
                answer = cut_answer(self.flow, _CUT, cuts)
                yield Answer("cut", _CUT, (*answer.lines, (_TAKEN, line)), answer.mend, answer.read)

    def _cuts(self, number: int) -> list[Event]:
        """Return the cuts inside the function: what was cut before it is a constant there."""
        origin = self.flow.before(number)
        cuts = [event for event in origin.cuts.values() if event.in_func]
        if cuts or not any(event.in_func for event in origin.outside.values()):
            return cuts
        events = self.story.events.values()
        return [event for event in events if event.in_func and event.name in LEAVING and self.flow.cut(event)]

    def _switched_off(self, number: int) -> list[Event]:
        """Return the calls that were not recorded backwards, though a tangent went through them."""
        found, queue, seen = [], [number], {number}
        while queue:
            made = self.story.made(queue.pop())
            if made is None or made.off is not None:
                found += [made] if made is not None and made.in_func else []
                continue
            new = {number for number, _ in made.inputs} - seen
            seen |= new
            queue += new
        return found

    def _unused(self, line: Line) -> Answer:
        """Say that what it is differentiated by was not used, and which parameters were, from outside."""
        inside = [event for event in self.story.events.values() if event.in_func and event.name != BORDER]
        used = {e.line: None for e in inside for number, _ in e.inputs if number in self.story.parameters}
        lines = (*(("parameters from outside are used here", at) for at in list(used)[:2]), (_TAKEN, line))
        mend = "torch.func.functional_call(net, params, (x,)) in the function, in the place of net(x)"
        return Answer("unused", _UNUSED, lines, mend, "call")

    def _flat(self, line: Line, numbers: tuple[int, ...]) -> Iterator[Answer]:
        lines = tuple((f"{event.name} has a slope of zero", event.line) for event in self.flow.flat_ends(numbers))
        if lines:
            yield Answer("zero", _FLAT, (*dict.fromkeys(lines), (_TAKEN, line)), STRAIGHT, "round")
