"""What became of a tensor, and what a tensor was made of, by the calls that were seen."""

from collections.abc import Iterable
from functools import cached_property

from gradstop.watch.events import Story
from gradstop.watch.kinds import ANEW, CASTS, DISCRETE, FACTORIES, FLAT, INSIDE, LEAVING, PASSING, PICKS, SHAPES
from gradstop.watch.reached import Origin, Reached
from gradstop.watch.records import Event

_STEPS = {"add", "radd", "sub", "rsub", "clamp"}
_PARTLY = (".apply", "_with_indices")  # of what these return a part may have no derivative


def was_tracked(event: Event) -> bool:
    """Whether an input requires grad."""
    return any(tracked for _, tracked in event.inputs)


class Flow:
    """The calls of a story, by what they took and what they made."""

    def __init__(self, story: Story):
        self.story = story
        self.users: dict[int, list[Event]] = {}
        self.writers: dict[int, list[Event]] = {}
        self.tracked: set[int] = set()  # tensors that required grad when they were seen
        self._detached: dict[int, Event] = {}  # tensors that were cut themselves
        for event in story.events.values():
            for number, tracked in () if event.name in SHAPES else event.inputs:
                self.users.setdefault(number, []).append(event)
                if tracked:
                    self.tracked.add(number)
            if event.name in FACTORIES:
                for number in event.note or ():
                    self.users.setdefault(number, []).append(event)
            for number in event.written:
                self.writers.setdefault(number, []).append(event)
            self.tracked.update(number for number, tracked in event.outputs if tracked)
            if event.name == "detach_" and was_tracked(event):
                self._detached[event.inputs[0][0]] = event
        self.flagged = {number for number, (flag, _) in story.frozen.items() if flag}  # by hand
        self.aliases: dict[int, list[int]] = {}
        for number, earlier in story.alias.items():
            self.aliases.setdefault(earlier, []).append(number)

    @cached_property
    def _around(self) -> dict[int, Event]:
        """The custom Function around each call that was made in one."""
        around: dict[int, Event] = {}
        for number, start in self.story.inside.items():
            outer = self.story.events.get(number)
            if outer is not None:
                around |= {inner: outer for inner in range(start, number) if inner in self.story.events}
        return around

    def cut(self, event: Event) -> str | None:
        """Return how a call cut the history of what it took, None where it did not."""
        if not was_tracked(event) or event.name in PASSING | SHAPES:
            return None
        if event.name == "data =":  # the first is what it is set on
            return "data" if any(tracked for _, tracked in event.inputs[1:]) else None
        around = None if event.grad_mode else self._around.get(event.number)
        if around is not None:  # nothing is recorded there: what the Function was given has its backward
            given = {number for number, _ in around.inputs}
            if all(number in given for number, tracked in event.inputs if tracked):
                return None
            if was_tracked(around):
                return "function"
        if event.name in LEAVING:
            return "left"
        if event.name == "Parameter":  # a new leaf, whatever the flag says
            return "parameter"
        if event.name == "detach_":  # the very tensor that had a history
            return "detach"
        if event.name in ANEW:  # leaves of its own, whatever the flag says
            return "copied"
        if not event.outputs or any(tracked or self._tracked_later(event, number) for number, tracked in event.outputs):
            return None
        if event.name == "autograd.grad":  # with a graph of its own it is a constant where the derivative is one
            return None if event.note else "gradient"
        if event.name == "detach":
            return "detach"
        if event.name == "data":
            return "data"
        if event.name in FACTORIES:
            return "copied"
        if event.name.startswith(INSIDE):
            return "inside"
        if event.name in DISCRETE | CASTS:
            return "discrete"
        return "no_grad" if not event.grad_mode else "discrete"

    def flat_ends(self, numbers: Iterable[int]) -> list[Event]:
        """Return the calls with a slope of zero at which all ways back from some tensors end; else nothing."""
        flat: list[Event] = []
        queue, seen = list(numbers), set(numbers)
        while queue:
            made = self.story.made(queue.pop())
            if made is None or made.name in PASSING or not was_tracked(made):
                return []
            if made.name.strip("_") in FLAT:
                flat.append(made)
                continue
            new = {number for number, tracked in made.inputs if tracked} - seen
            seen |= new
            queue += new
        return flat

    def is_update(self, event: Event, leaves: list[int]) -> bool:
        """Whether a call made a new value of leaves that a backward had filled, as a step by hand does."""
        filled = (record.filled for record in self.story.backwards if record.number < event.number)
        return event.name.strip("_") in _STEPS and not event.written and any({*leaves} & {*its} for its in filled)

    def _tracked_later(self, event: Event, number: int) -> bool:
        """Whether a result has a history that it did not get as a new leaf, such as ``x.data.requires_grad_()``."""
        return number in self.tracked and (number not in self.flagged or number in event.written)

    def constants_of(self, event: Event) -> set[int]:
        """Return the results without a history of a call that also has one with: such as the indices of ``topk``."""
        if event.name not in PICKS and not event.name.startswith(INSIDE) and not event.name.endswith(_PARTLY):
            return set()  # what broadcast_tensors and others pass on was a constant before
        results = {number for number, _ in event.outputs if number not in event.written}
        without = results - self.tracked
        return without if without != results and was_tracked(event) and not self.cut(event) else set()

    def is_copied_only(self, number: int) -> bool:
        """Whether no call took a tensor but to copy its values out of the graph."""
        for event in self.users.get(number, ()):
            if number in event.written or self.cut(event) in ("detach", "data", "copied", "parameter"):
                continue
            copies = event.name == "clone" and all(self.is_copied_only(output) for output, _ in event.outputs)
            if not copies and not (event.name in ("clone", "detach", "data") and not event.grad_mode):
                return False
        return True

    def copied_to(self, number: int, other: int) -> Event | None:
        """Return the call that wrote a tensor's values into another one, None where none did."""
        step = self.after(number).tensors.get(other)
        return step[1] if step is not None and step[1] is not None and other in step[1].written else None

    def after(self, number: int) -> Reached:
        """Follow the values of a tensor forward."""
        reached = Reached({number: None})
        queue = [number]
        while queue:
            at = queue.pop(0)
            for event in self.users.get(at, ()):
                if event.number not in reached.events:
                    reached.events[event.number] = event
                for output, _ in event.outputs:
                    if output not in reached.tensors and output != at:
                        reached.tensors[output] = (at, event)
                        queue.append(output)
            for other in self.aliases.get(at, ()):
                if other not in reached.tensors:
                    reached.tensors[other] = (at, None)
                    queue.append(other)
        return reached

    def before(self, number: int) -> Origin:
        """Follow a constant back to where the history of its values was cut."""
        origin, queue = Origin(), [number]
        seen = {number}
        while queue:
            at = queue.pop()
            if at in self._detached:
                origin.cuts[self._detached[at].number] = self._detached[at]
                continue
            made = [event for event in [self.story.made(at), *self.writers.get(at, ())] if event is not None]
            if not made:
                earlier = self.story.alias.get(at)
                (origin.ends if earlier is None else origin.aliases).append(at)
                if earlier is not None and earlier not in seen and earlier not in self.tracked:
                    seen.add(earlier)
                    queue.append(earlier)
                continue
            if at in self.story.frozen:  # what only initialised it does not say why it is a constant
                origin.ends.append(at)
            for event in made:
                if event.name in SHAPES or (event.name == "autograd.grad" and event.note):
                    continue  # new values, or a derivative that is a constant
                if self.cut(event) or at in self.constants_of(event):
                    origin.cuts[event.number] = event
                    continue
                inputs = [n for n, _ in event.inputs]
                if event.name in FACTORIES:
                    if event.note is not None:  # indices and labels are no values that were cut
                        origin.outside[event.number] = event
                    inputs += list(event.note or ())
                for before in inputs:
                    if before not in seen:
                        seen.add(before)
                        if before in self.tracked and event.name in FACTORIES:
                            continue
                        queue.append(before)
        return origin
