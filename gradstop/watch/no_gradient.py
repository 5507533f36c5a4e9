"""Why a tensor has no gradient: frozen, not used, cut, interior, cleared, or not reached by any backward."""

from dataclasses import replace

from torch import Tensor

from gradstop.watch.around_step import AroundStep
from gradstop.watch.constants import why_constant
from gradstop.watch.cuts import COPIED, UPDATED
from gradstop.watch.events import Story
from gradstop.watch.flow import Flow
from gradstop.watch.lines import Line
from gradstop.watch.names import Names
from gradstop.watch.records import Backward
from gradstop.watch.tensors import history_of
from gradstop.watch.used import Used
from gradstop.watch.words import Answer
from gradstop.watch.zeros import Culprit


class NoGradient:
    """Answers from one story."""

    def __init__(self, story: Story, steps: AroundStep, names: Names):
        self.refused: Line | None = None  # where a backward was refused
        self.story, self.steps, self.names = story, steps, names
        self.flow = Flow(story)

    def why(self, tensor: Tensor) -> Answer | None:
        """Explain why ``.grad`` is None; None where it is not."""
        known = self.story.find(tensor)
        what = self.names.of_tensor(tensor)
        number = known.number if known else 0
        if history_of(tensor) is not None:
            return self.interior(number, what) if not tensor.retains_grad or tensor.grad is None else None
        if not tensor.requires_grad:
            return self._without_flag(number, what)
        if tensor.grad is not None:
            return None
        return self.missing(number, what)

    def of_leaf(self, number: int, flagged: bool) -> Answer:
        """Explain why a leaf, which may be gone, has no gradient; ``flagged``: whether it required one."""
        what = self.names.of(number)
        return self.missing(number, what) if flagged else self._without_flag(number, what)

    def asked(self, number: int, flagged: bool) -> Answer:
        """Explain why ``autograd.grad`` has no gradient of a tensor."""
        answer = self.of_leaf(number, flagged)
        if flagged:
            return answer
        mend = "x.requires_grad_() before the forward that takes it"
        if answer.kind == "cut":  # what it comes from may be meant to be a constant
            return replace(answer, mend=f"{mend}; or {answer.mend}")
        reason = f"A gradient is asked for {self.names.of(number)}, which does not require grad."
        return Answer(answer.kind, reason, answer.lines, mend, answer.read)

    def missing(self, number: int, what: str) -> Answer:
        """Explain why a leaf that requires grad has no gradient."""
        if number in self.story.cleared and any(number in record.filled for record in self.story.backwards):
            return self._cleared(number, what)
        stopped = next((r for r in reversed(self.story.backwards) if number in r.none), None)
        if stopped is not None:
            return self._stopped(stopped, number, what)
        users = [event for event in self.flow.users.get(number, ()) if number not in event.written]
        if self.flow.is_copied_only(number) and (another := self._another(number, what)) is not None:
            return another
        if not users and self.story.refused is not None and number in self.story.refused.inputs:
            refused = (("refused here", self.story.refused.line),)
            reason = f"{what} was used by one call alone, and that was refused."
            return Answer("unused", reason, refused, "mend what that error is about", "fills")
        if not users:
            return self._never_used(what)
        flag = self.story.frozen.get(number)
        if flag and flag[0] and not any((number, True) in event.inputs for event in users):
            lines = (("used here", users[0].line), ("the flag was set here", flag[1]))
            reason = f"{what} was used before it required grad: the flag was set after the operation."
            return Answer(
                "late flag", reason, lines, "set requires_grad before the forward that has to pass it", "fills"
            )
        return Used(self.flow, self.names, self.refused).why(number, what)

    def _stopped(self, record: Backward, number: int, what: str) -> Answer:
        """Say which operation gave nothing back, in a backward that came to it."""
        culprit: Culprit = record.none[number]
        event = self.story.events.get(culprit.tag[0]) if culprit.tag else None
        name = event.name if event else culprit.operation
        made = ((f"{name} gives None back", culprit.tag[1]),) if culprit.tag else ()
        reason = f"{what} is in the graph, and no gradient came to it: the backward of {name} returns None for it."
        mend = "return a gradient in its place, in the order of forward's arguments"
        return Answer("none", reason, (*made, ("the backward", record.line)), mend, "function")

    def _another(self, number: int, what: str) -> Answer | None:
        """Say that the calls took another object than the optimizer's, where that is so."""
        driven, twin = self.steps.driven.get(number), self._twin(number)
        if driven is None or twin is None:
            return None
        reason = f"{what} is the optimizer's, but the calls took another object of the same shape."
        got = self.steps.said_of(driven, "the optimizer got it here")
        mend = "make the optimizer after the model is in its last form"
        other, used = twin
        entered = self.story.entered(other)
        put = ((f"the other was {entered[0]} here", entered[1]),) if entered is not None else ()
        copied = self.flow.copied_to(number, other)
        if copied is not None:
            put, mend = (("its values were copied here", copied.line),), COPIED
        return Answer("other", reason, (got, *put, ("the other is first used here", used)), mend, "object")

    def interior(self, number: int, what: str) -> Answer:
        """Say where an interior tensor was made, and which leaves before it have the flag."""
        made = self.story.made(number)
        lines: list[tuple[str, Line]] = []
        before = self._leaves_before(number)
        for at in before:
            flag = self.story.frozen.get(at)
            if flag and flag[0]:
                lines.append(("the flag was set here", flag[1]))
        if made is not None:
            lines.append((f"{made.name} made it here", made.line))
        reason = f"{what} is an interior tensor: the operation came after the flag, and backward fills leaves."
        mend = "operation first, flag last (x.to(device).requires_grad_()); or y.retain_grad() before backward"
        if made is not None and self.flow.is_update(made, before):
            mend = UPDATED
        return Answer("interior", reason, tuple(lines), mend, "flag")

    def _leaves_before(self, number: int) -> list[int]:
        found, queue, seen = [], [number], {number}
        while queue:
            made = self.story.made(at := queue.pop())
            if made is None or not made.inputs:
                found.append(at)
                continue
            new = {n for n, _ in made.inputs} - seen
            seen |= new
            queue += new
        return found

    def _without_flag(self, number: int, what: str) -> Answer:
        flag = self.story.frozen.get(number)
        if flag is not None and not flag[0]:
            reason = f"{what} is frozen: its requires_grad was set to False."
            mend = "requires_grad_(True) before the forward, and give it to the optimizer"
            return Answer("frozen", reason, (("frozen here", flag[1]),), mend, "frozen")
        made = self.story.made(number)
        if made is not None and made.name == "Parameter":
            reason = f"{what} is frozen: it was made without requires_grad."
            mend = "make it with requires_grad=True (from_pretrained(..., freeze=False))"
            return Answer("frozen", reason, (("made here", made.line),), mend, "frozen")
        if made is not None or number in self.story.alias:
            return why_constant(self.flow, self.names, number, what)
        reason = f"{what} does not require grad, and nothing in this block switched that off."
        known = next((k for k, _ in self.story.alive() if k.number == number), None)
        lines = (("first used here", known.first),) if known else ()
        return Answer("frozen", reason, lines, "set requires_grad=True where it is made", "frozen")

    def _cleared(self, number: int, what: str) -> Answer:
        record = [record for record in self.story.backwards if number in record.filled][-1]
        lines = (("filled here", record.line), ("cleared here", self.story.cleared[number]))
        reason = f"{what} had a gradient, and it was cleared again."
        return Answer("cleared", reason, lines, "clear it after step(); look at .grad before that", "adds")

    def _never_used(self, what: str) -> Answer:
        reason = f"{what} was never used: no call of torch in this block took it."
        if self.story.processes:
            lines = tuple(("another process was started here", line) for line in list(self.story.processes)[:2])
            reason += " What a worker does with it is not seen, and no gradient comes back from there."
            mend = "compute it in the process of the loss: a worker of a DataLoader sends data"
            return Answer("unused", reason, lines, mend, "sent")
        return Answer("unused", reason, (), "use it in forward, or look whether another object is used", "fills")

    def _twin(self, number: int) -> tuple[int, Line] | None:
        """Return a parameter of the same shape that no optimizer has, and where it was used."""
        shape = self.story.parameters.get(number)
        twins = {}
        for other, its_shape in self.story.parameters.items():
            users = [event for event in self.flow.users.get(other, ()) if not event.written]
            if users and its_shape == shape and other != number and other not in self.steps.driven:
                twins[other] = users[0].line
        copies = (other for other in twins if self.flow.copied_to(number, other) is not None)
        twin = next(copies, next(iter(twins), 0))
        return (twin, twins[twin]) if twin else None
