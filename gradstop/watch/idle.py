"""Optimizers that move nothing: whose step is never called, or changes none of what has a gradient."""

from collections.abc import Iterator

from gradstop.watch.lines import Line
from gradstop.watch.look import Look
from gradstop.watch.owners import living_optimizers
from gradstop.watch.records import Backward
from gradstop.watch.words import Answer, listed

_NEVER = "its optimizer never steps: the gradients are cleared again without any use"
_LIBRARY = "torch.optim"


class Idle(Look):
    """Looks for optimizers without an effect."""

    def all(self) -> Iterator[Answer]:
        """Yield all that was found."""
        yield from self._never()
        yield from self._without_effect()

    def _never(self) -> Iterator[Answer]:
        """Find optimizers whose parameters were filled and cleared in turn, and never stepped."""
        refilled = self._refilled()
        for optimizer in living_optimizers() if refilled else ():
            known = (self.story.find(p) for group in optimizer.param_groups for p in group["params"])
            numbers = [its.number for its in known if its is not None and its.number in refilled]
            if not numbers:
                continue
            made = self.story.optimizers.get(id(optimizer))
            lines = (("the optimizer was made here", made[1]),) if made and made[0]() is optimizer else ()
            reason = f"{listed(list(map(self.names.of, numbers)))} had a gradient in each round, and {_NEVER}."
            filled: tuple[str, Line] = ("filled here", refilled[numbers[0]].line)
            mend = "optimizer.step() after backward(), with its parentheses"
            yield Answer("no step", reason, (*lines, filled), mend, "optimizer")

    def _refilled(self) -> dict[int, Backward]:
        """Return what was filled anew in two rounds, and which nothing has moved or read since."""
        stepped = {number for step in self.story.steps for number, _, _ in step.parameters}
        if self.scaled:
            return {}
        read, seen, again = {*self.story.gradients.values()}, dict[int, Backward](), dict[int, Backward]()
        for record in self.story.backwards:
            for number in record.first if record.accumulates else ():
                if number in seen and seen[number].line == record.line:
                    again[number] = record
                seen.setdefault(number, record)
        return {
            number: record
            for number, record in again.items()
            if number not in stepped and number not in read and not self.written_after(number, seen[number].number)
        }

    def _without_effect(self) -> Iterator[Answer]:
        """Find optimizers of the user's own whose steps leave all as it was."""
        for key, (ref, _) in self.story.optimizers.items():
            optimizer = ref()
            if optimizer is None or type(optimizer).__module__.startswith(_LIBRARY):
                continue
            steps = [step for step in self.story.steps if step.optimizer == key]
            given = {number: step for step in steps for number, had, _ in step.parameters if had}
            if not given or any(moved for step in steps for _, _, moved in step.parameters):
                continue
            number, step = next(iter(given.items()))
            lines = tuple((f"{name} makes a new tensor here", line) for line, name in self._updates(number).items())
            if not lines:
                continue  # it may only gather what a later step uses
            reason = f"The step of {step.kind} changes none of its parameters, though they have gradients."
            mend = "write into them: with torch.no_grad(): p.sub_(lr * p.grad), or p -= lr * p.grad"
            yield Answer("no step", reason, (*lines, ("the step", step.line)), mend, "optimizer")

    def by_nothing(self) -> Iterator[Answer]:
        """Find optimizers whose steps, two or more, all have a learning rate of 0, as one that warms up begins with."""
        for key in dict.fromkeys(step.optimizer for step in self.story.steps):
            steps = [step for step in self.story.steps if step.optimizer == key]
            if len(steps) > 1 and all(step.still for step in steps):
                lines = (self.steps.said_of(self.story.optimizers[key][1]), ("the step", steps[-1].line))
                reason = f"{len(steps)} steps of {steps[-1].kind} move nothing: its learning rate is 0."
                yield Answer("no step", reason, lines, "look at lr, and at what a scheduler makes of it", "optimizer")

    def _updates(self, number: int) -> dict[Line, str]:
        """Return the calls of a step that made a new value of a parameter in the place of writing it."""
        users = self.flow.users.get(number, [])
        views = (output for event in users if event.name == "data" for output, _ in event.outputs)
        takers = [*users, *(event for view in views for event in self.flow.users.get(view, ()))]
        within = (event for event in takers if event.line.function == "step" or event.off is not None)
        return {event.line: event.name for event in within if self.flow.is_update(event, [number])}
