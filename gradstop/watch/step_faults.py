"""What optimizers do that is nearly never meant: they move what has no gradient, or what another loss has filled."""

from collections.abc import Iterator
from itertools import pairwise

from gradstop.watch.lines import Line
from gradstop.watch.look import Look
from gradstop.watch.records import Backward, Event, Step
from gradstop.watch.words import Answer, listed
from gradstop.watch.zero_gradients import written_answer

_CLEARS = "zero_grad("


class StepFaults(Look):
    """Who moved, and by what."""

    def all(self) -> Iterator[Answer]:
        """Yield all that was found."""
        yield from self.cleared_before()
        yield from self.moved()
        yield from self.statistics()
        yield from self.left_over()
        yield from self.never_cleared()

    def cleared_before(self) -> Iterator[Answer]:
        """Gradients that ``zero_grad`` has set to zero between a backward and the step."""
        said: set[Line] = set()
        for number, (written, step) in self.steps.zeroed.items():
            filled = [record.line for record in self.story.backwards if number in record.filled]
            if filled and _CLEARS in written.code and written not in said:
                said.add(written)
                lines = (("filled here", filled[-1]), ("set to zero here", written), ("the step", step))
                reason = f"{self.names.of(number)} had a gradient, and it was cleared again before the step."
                yield Answer("cleared", reason, lines, "zero_grad() before backward(), or after step()", "adds")

    def never_cleared(self) -> Iterator[Answer]:
        """Gradients that a step has used, and that with what backward has added the next ones use again."""
        found: dict[tuple[Line, Line], list[int]] = {}
        for (number, added, step), count in self.steps.carried.items():
            if count > 1:  # once may be meant
                found.setdefault((added, step), []).append(number)
        for (added, step), numbers in found.items():
            lines = (("backward adds to it here", added), ("a step has used it here", step))
            what = listed(list(map(self.names.of, numbers)))
            reason = f"The gradient of {what} is never cleared: each step uses again those of the rounds before."
            yield Answer("adds", reason, lines, "zero_grad() before each backward()", "adds")

    def zeroed(self) -> Iterator[Answer]:
        """Gradients that were written with zeros between a backward and the step."""
        for number, (written, step) in self.steps.zeroed.items():
            if _CLEARS not in written.code and not any(number in record.zero for record in self.story.backwards):
                yield written_answer(self.names.of(number), written, (("the step", step),))

    def moved(self) -> Iterator[Answer]:
        """Who moved without a gradient, or by a gradient that was set to zero."""
        words = {"momentum": "momentum", "weight_decay": "weight decay", "betas": "moving averages"}
        for number, (zeroed, step, why) in self.steps.masked.items():
            reason = f"{self.names.of(number)}: elements whose gradient is zero move too, by {words[why]}."
            lines: tuple[tuple[str, Line], ...] = (("the gradient is zeroed here", zeroed), ("moved by the step", step))
            mend = "weight_decay=0 and plain SGD for it, or write the elements back after the step"
            yield Answer("moved", reason, lines, mend, "optimizer")
        for number, (step, why) in self.steps.frozen.items():
            if not any(p == number and moved for s in self.story.steps for p, _, moved in s.parameters):
                continue
            flag = self.story.frozen.get(number)
            lines = ((("frozen here", flag[1]),) if flag else ()) + (("moved by the step", step),)
            by = f", by {words[why]}" if why else ""
            reason = f"{self.names.of(number)} is frozen and moves{by}: its .grad is still there."
            yield Answer("moved", reason, lines, "set .grad = None when you freeze it", "optimizer")

    def statistics(self) -> Iterator[Answer]:
        """Find running statistics that move in layers that are frozen."""
        said: set[Line] = set()
        for event in self.story.events.values():
            if event.name not in ("batch_norm", "instance_norm") or len(event.inputs) < 5:
                continue
            (_, mean, _, weight, _) = (number for number, _ in event.inputs[:5])
            if not event.note or event.line in said or self._trained(weight, event):
                continue
            said.add(event.line)
            flag = self.story.frozen.get(weight)
            lines = (("moved here", event.line),) + ((("frozen here", flag[1]),) if flag else ())
            reason = f"{self.names.of(mean)} moves, though its layer is frozen: the layer is in training mode."
            yield Answer("statistics", reason, lines, "call .eval() on what is frozen, after .train()", "buffers")

    def _trained(self, weight: int, event: Event) -> bool:
        """Whether a layer's weight is trained at another time, or follows another network's."""
        takes = [taken for user in self.flow.users.get(weight, ()) if user.name == event.name for taken in user.inputs]
        filled = any(weight in record.filled for record in self.story.backwards)
        return filled or (weight, True) in takes or self.follows(weight)

    def left_over(self) -> Iterator[Answer]:
        """Gradients that another loss left, and that a step uses."""
        said = set()
        for step in self.story.steps:
            for number, given, _ in step.parameters:
                found = self._mixed(number, step) if given else None
                if found is not None and (found[0].line, found[1].line) not in said:
                    said.add((found[0].line, found[1].line))
                    other, own = found
                    lines: tuple[tuple[str, Line], ...] = (
                        ("left here, by another loss", other.line),
                        ("its own backward adds here", own.line),
                    )
                    lines = (*lines, ("the step uses both", step.line))
                    reason = f"{self.names.of(number)} moves by a gradient that another network's backward left in it."
                    mend = "zero_grad() right before its own backward, or freeze it while the other is trained"
                    yield Answer("left over", reason, lines, mend, "left_over")

    def _mixed(self, number: int, step: Step) -> tuple[Backward, Backward] | None:
        earlier = [s.number for s in self.story.steps if s.number < step.number]
        mine = [s.number for s in self.story.steps if s.number < step.number and s.optimizer == step.optimizer]
        since = [r for r in self.story.backwards if number in r.filled and r.number < step.number]
        starts = [i for i, record in enumerate(since) if number in record.first]
        since = since[starts[-1] :] if starts else []
        since = [r for r in since if not mine or r.number > mine[-1]]
        for other, own in pairwise(since):
            between = [n for n in earlier if other.number < n < own.number and n not in mine]
            if between and other.line != own.line:
                return other, own
        return None
