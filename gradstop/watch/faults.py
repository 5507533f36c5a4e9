"""What a block did that is nearly never meant: each is said only where the calls show it."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from gradstop.watch.around_backward import AroundBackward
from gradstop.watch.around_step import AroundStep
from gradstop.watch.cuts import cut_answer
from gradstop.watch.events import Backward, Event, Step, Story
from gradstop.watch.kinds import CASTS, DISCRETE
from gradstop.watch.lines import Line
from gradstop.watch.names import Names
from gradstop.watch.no_gradient import NoGradient
from gradstop.watch.words import Answer, listed
from gradstop.watch.zeros import Culprit

_ADDS = {"add", "__add__", "__radd__", "sub", "__sub__", "__rsub__", "__iadd__", "add_", "sum"}
_ANOTHER = "the optimizer got another object here"
_FLAT = ("Round", "Floor", "Ceil", "Trunc", "Sign")


class Faults:
    """Looks a story through."""

    def __init__(self, story: Story, backwards: AroundBackward, steps: AroundStep, names: Names, why: NoGradient):
        self.story, self.backwards, self.steps, self.names, self.why = story, backwards, steps, names, why
        self.flow = why.flow

    def all(self) -> list[Answer]:
        """Return all that was found."""
        found: list[Answer] = []
        for look in (
            *(self.growth, self.moved, self.statistics, self.not_driven, self.lost_terms, self.driven_but_cut),
            *(self.only_itself, self.stale, self.left_over, self.flat, self.overwritten),
        ):
            found += look()
        return found

    def growth(self) -> Iterator[Answer]:
        """Graphs of several rounds that are alive at once."""
        by_holder: dict[str, list[Any]] = {}
        for grown in self.backwards.growth.values():
            by_holder.setdefault(grown.holder, []).append(grown)
        for holder, grown in by_holder.items():
            rounds = max(item.rounds for item in grown)
            grown.sort(key=lambda item: (-item.rounds, repr(item.line)))  # which node was met first is by chance
            alive = {item.line.where: (f"{item.rounds} graphs alive", item.line) for item in reversed(grown[:6])}
            made = {item.made.where: item.made for item in grown if item.made is not None}
            lines = tuple(reversed(alive.values()))
            lines += tuple(("made what is held", line) for where, line in made.items() if where not in alive)
            reason = f"Memory grows: the graphs of {rounds} rounds were alive at once, held by {holder}."
            mend = "keep numbers: loss.item(), or tensor.detach(); cut a state that is carried"
            yield Answer("held", reason, lines, mend, "held")

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
        return filled or (weight, True) in takes or self._written_after(weight, event.number)

    def _written_after(self, number: int, since: int) -> bool:
        return any(writer.number > since for writer in self.flow.writers.get(number, ()))

    def not_driven(self) -> Iterator[Answer]:
        """Who has a gradient and is in no optimizer: unfrozen, or put in, after the optimizer was made."""
        if not self.story.steps:
            return
        by_line: dict[tuple[Line, Line], list[int]] = {}
        filled = {number: record for record in reversed(self.story.backwards) for number in record.filled}
        first_made = min((line for _, line in self.story.optimizers.values()), key=str, default=None)
        for number, record in filled.items():
            shape = self.story.parameters.get(number)
            if number in self.steps.driven or self._written_after(number, record.number) or shape is None:
                continue
            flag = self.story.frozen.get(number)
            if flag and flag[0]:
                by_line.setdefault((flag[1], record.line), []).append(number)
            elif (place := self._unused_twin(shape)) is not None:
                by_line.setdefault((place, record.line), []).append(number)
        for (line, at), numbers in by_line.items():
            made = () if first_made is None else (self.steps.said_of(first_made),)
            flag = self.story.frozen.get(numbers[0])
            what = ("unfrozen here", line) if flag and flag[0] else self.steps.said_of(line, _ANOTHER)
            have, them = ("have", "them") if len(numbers) > 1 else ("has", "it")
            reason = f"{listed(list(map(self.names.of, numbers)))} {have} a gradient, and no optimizer drives {them}."
            mend = "make the optimizer after that, or opt.add_param_group({'params': ...})"
            put_in = self.story.registered.get(numbers[0])
            put = (("it was put in here", put_in),) if put_in is not None and not (flag and flag[0]) else ()
            lines = (what, *put, *(said for said in made if said[1] != line), ("filled here", at))
            yield Answer("not driven", reason, lines, mend, "object")

    def _unused_twin(self, shape: tuple[int, ...]) -> Line | None:
        """Return where the optimizer got a parameter of this shape that no call took."""
        for number, line in self.steps.driven.items():
            unused = self.flow.is_copied_only(number)
            if unused and self.story.parameters.get(number) == shape and number not in self.steps.ever_given:
                return line
        return None

    def lost_terms(self) -> Iterator[Answer]:
        """Find a term of a loss that comes from something with a history, through what has no derivative."""
        said: set[int] = set()
        roots = {root for record in self.story.backwards for root in record.roots}
        for root in roots:
            queue, seen = [root], {root}
            while queue:
                made = self.story.made(queue.pop())
                if made is None or not _scalar(made) or made.name not in _ADDS | {"mul", "__mul__", "__rmul__", "div"}:
                    continue
                tracked = [n for n, is_tracked in made.inputs if is_tracked]
                for number, is_tracked in made.inputs:
                    if is_tracked and number not in seen:
                        seen.add(number)
                        queue.append(number)
                    if is_tracked or not tracked or made.name not in _ADDS or number in said:
                        continue
                    said.add(number)
                    yield from self._lost(number, made)

    def _lost(self, number: int, made: Event) -> Iterator[Answer]:
        origin = self.flow.before(number)
        kinds = {self.flow.cut(event) for event in origin.cuts.values()}
        meant = {event.name for event in origin.cuts.values()} <= DISCRETE | CASTS | {"round", "tensor", "as_tensor"}
        if origin.cuts and meant and kinds <= {"discrete", "copied"}:
            reason = "One term of the loss has no gradient: it was cut, and the other terms do all the training."
            answer = cut_answer(self.flow, reason, list(origin.cuts.values()))
            lines = (*answer.lines, ("added to the loss here", made.line))
            yield Answer(
                "cut", reason, lines, answer.mend, answer.read, ("The gradients of the other terms are fine.",)
            )

    def only_itself(self) -> Iterator[Answer]:
        """Find backwards from a leaf that was made of what had a history: they fill that leaf, and nothing else."""
        said: set[Line] = set()
        for record in self.story.backwards:
            if not record.accumulates or record.passed or record.filled != record.roots or record.line in said:
                continue
            said.add(record.line)
            answer = self.why.of_constant(record.roots[0], "The loss")
            if answer.kind == "cut":
                reason = "This backward fills the loss itself and nothing else: the loss is a leaf, made anew."
                lines = (*answer.lines, ("backward from a leaf", record.line))
                yield Answer("cut", reason, lines, answer.mend, answer.read)

    def driven_but_cut(self) -> Iterator[Answer]:
        """Parameters whose optimizer steps, that are used, and never get a gradient because of a cut."""
        said: set[tuple[Any, ...]] = set()
        for number, flagged in self.steps.without.items():
            if not flagged or number in self.steps.ever_given or any(number in r.filled for r in self.story.backwards):
                continue
            if not self.flow.users.get(number):
                continue
            answer = self.why.missing(number, self.names.of(number))
            if answer.kind == "cut" and answer.lines not in said:
                said.add(answer.lines)
                yield answer

    def stale(self) -> Iterator[Answer]:
        """Find backwards that used what a fused step had changed in silence."""
        said: set[tuple[Line, Line]] = set()
        for record in self.story.backwards:
            news = [item for item in record.stale if (item.step, record.line) not in said]
            for item in news[:1]:
                said.add((item.step, record.line))
                owner = next((known.number for known, _ in self.story.alive() if known.memory == item.memory), 0)
                reason = f"A fused step changed {self.names.of(owner)} after it was saved: these gradients are wrong."
                lines = (("saved here", item.saved), (f"changed by {item.by}", item.step))
                mend = "call all backward() before step(), or do the forward again after the step"
                note = "Torch raises nothing: a fused step does not raise a version."
                yield Answer("stale", reason, (*lines, ("this backward used it", record.line)), mend, "step", (note,))

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

    def flat(self) -> Iterator[Answer]:
        """Gradients that are zero because of a rounding or a sign."""
        said = set()
        for record in self.story.backwards:
            for number, culprit in record.zero.items():
                if not isinstance(culprit, Culprit) or culprit.tag is None or not culprit.operation.startswith(_FLAT):
                    continue
                if culprit.tag[1] not in said:
                    said.add(culprit.tag[1])
                    yield zero_answer(self.story, self.names.of(number), culprit, number)

    def overwritten(self) -> Iterator[Answer]:
        """Find a detached view of a result that a later call in place wrote over, and that is still held."""
        said = set()
        for known, tensor in self.story.alive():
            made = self.story.made(known.number)
            if made is None or made.name not in ("detach", "data") or tensor.requires_grad or known.memory is None:
                continue
            source = made.inputs[0][0] if made.inputs else 0
            if self.story.made(source) is None or source in self.story.ever_tracked:
                continue
            for event in self.story.events.values():
                late = event.number > made.number and known.memory in event.memories
                if late and known.number not in event.written and event.line not in said:
                    said.add(event.line)
                    lines = (("taken here", made.line), (f"overwritten by {event.name}", event.line))
                    reason = "A value that was taken out by detach() shares memory, and was written over afterwards."
                    yield Answer("overwritten", reason, lines, "detach().clone() keeps the values", "aliases")


def _scalar(event: Event) -> bool:
    return event.note is None


def zero_answer(story: Story, what: str, culprit: Any, number: int) -> Answer:
    """Return the answer for a gradient that is all zeros."""
    if not isinstance(culprit, Culprit) or culprit.operation == "start":
        reason = f"{what} has a gradient of zeros: the gradient that backward began with is zero."
        return Answer("zero", reason, (), "look at the factor of the loss", "zero")
    lines: list[tuple[str, Line]] = []
    if culprit.operation == "hook":
        hooks = [line for tensor, line in story.hooked.items() if tensor == number] or list(story.hooked.values())
        lines += [("a hook was put on here", line) for line in hooks[:2]]
        reason = f"{what} has a gradient of zeros: a hook turned it into zeros."
        return Answer("zero", reason, tuple(lines), "take the hook off: handle.remove()", "zero")
    name = culprit.operation.removesuffix("Backward0").removesuffix("Backward1").removesuffix("Backward")
    if culprit.tag is not None:
        event = story.events.get(culprit.tag[0])
        lines.append((f"{event.name if event else name} gives zeros", culprit.tag[1]))
    reason = f"{what} has a gradient of zeros: it comes into {name} and leaves it as zeros."
    flat = culprit.operation.startswith(_FLAT)
    mend = "go straight through: x + (x.round() - x).detach()" if flat else "look at the values that go into it"
    return Answer("zero", reason, tuple(lines), mend, "round" if flat else "zero")
