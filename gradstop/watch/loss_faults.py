"""Losses that do not reach what they are to train."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from gradstop.watch.constants import FROM_TENSOR, MOST_LEFT, had_history, why_constant
from gradstop.watch.cuts import cut_answer
from gradstop.watch.kinds import CASTS, DISCRETE, FACTORS, LEAVING, ZERO
from gradstop.watch.lines import Line
from gradstop.watch.look import Look
from gradstop.watch.reached import Origin
from gradstop.watch.records import Event
from gradstop.watch.words import Answer
from gradstop.watch.zero_gradients import is_flat, nan_answer, zero_answer

_ADDS = {"add", "__add__", "__radd__", "sub", "__sub__", "__rsub__", "__iadd__", "add_", "sum"}
_SCALES = {"mul", "__mul__", "__rmul__", "div", "neg"}
_REDUCTIONS = {"sum", "mean", "norm", "var", "std", "max", "min", "amax", "amin", "logsumexp", "cross_entropy"}
SAID = ("cut", "none")
_LOST = "One term of the loss has no gradient: it was cut, and the other terms do all the training."
_FINE = "The gradients of the other terms are fine."


class LossFaults(Look):
    """Cuts, leaves in the place of losses, operations without a slope."""

    def all(self) -> Iterator[Answer]:
        """Yield all that was found."""
        yield from self.lost_terms()
        yield from self.driven_but_cut()
        yield from self.only_itself()
        yield from self.flat()
        yield from self.not_a_number()

    def lost_terms(self) -> Iterator[Answer]:
        """Find a term of a loss that comes from something with a history, through what has no derivative."""
        said: set[int] = set()
        roots = {root for record in self.story.backwards for root in record.roots}
        for root in roots:
            queue, seen = [root], {root}
            while queue:
                made = self.story.made(queue.pop())
                if (
                    made is None
                    or made.note is not None
                    or made.name not in _ADDS | {"mul", "__mul__", "__rmul__", "div"}
                ):
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
        term = self.story.made(number)
        if term is not None and term.name in FACTORS and term.note == ZERO:
            return  # it is left out by hand
        origin = self.flow.before(number)
        if not origin.cuts and self._is_reduced(number):
            yield from self._by_numbers(origin, made)
        kinds = {self.flow.cut(event) for event in origin.cuts.values()}
        meant = {event.name for event in origin.cuts.values()} <= DISCRETE | CASTS | {"round", "tensor", "as_tensor"}
        if origin.cuts and meant and kinds <= {"discrete", "copied"}:
            answer = cut_answer(self.flow, _LOST, list(origin.cuts.values()))
            lines = (*answer.lines, ("added to the loss here", made.line))
            yield Answer("cut", _LOST, lines, answer.mend, answer.read, (_FINE,))

    def _is_reduced(self, number: int) -> bool:
        """Whether a reduction made it, as the term of a loss is, perhaps times a weight."""
        while (made := self.story.made(number)) is not None and made.name in _SCALES and made.inputs:
            number = made.inputs[0][0]
        return made is not None and (made.name in _REDUCTIONS or made.name.endswith("_loss"))

    def _by_numbers(self, origin: Origin, added: Event) -> Iterator[Answer]:
        """Say that a term was made anew from numbers, where what had a history had left torch just before."""
        since = max((event.number for event in self.story.events.values() if event.epoch < added.epoch), default=0)
        left = [e for e in self.left if since < e.number < added.number]
        anew = [e for e in origin.outside.values() if left and left[0].number < e.number < added.number]
        if anew:
            lines = {event.line: f"{event.name}: leaves torch" for event in left[-MOST_LEFT:]}
            lines |= {event.line: f"{event.name}: made anew here" for event in anew if event.line not in lines}
            lines.setdefault(added.line, "added to the loss here")
            told = tuple((what, line) for line, what in lines.items())
            yield Answer("cut", _LOST, told, FROM_TENSOR, "numpy", (_FINE,))

    @cached_property
    def left(self) -> list[Event]:
        """The calls by which what had a history left torch."""
        return [e for e in self.story.events.values() if e.name in LEAVING and had_history(self.flow, e)]

    def only_itself(self) -> Iterator[Answer]:
        """Find backwards from a leaf that was made of what had a history: they fill that leaf, and nothing else."""
        said: set[Line] = set()
        for record in self.story.backwards:
            if not record.accumulates or record.passed or record.filled != record.roots or record.line in said:
                continue
            said.add(record.line)
            answer = why_constant(self.flow, self.names, record.roots[0], "The loss")
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
            if not self.flow.users.get(number) or self.follows(number):
                continue
            answer = self.why.missing(number, self.names.of(number))
            if answer.kind in SAID and (lines := answer.place[1:]) not in said:
                said.add(lines)
                yield answer

    def flat(self) -> Iterator[Answer]:
        """Gradients that are zero because of a rounding or a sign."""
        said = set()
        for record in self.story.backwards:
            for number, culprit in record.zero.items():
                if culprit.tag is None or not is_flat(culprit):
                    continue
                if culprit.tag[1] not in said:
                    said.add(culprit.tag[1])
                    yield zero_answer(self.story, self.names.of(number), culprit, number)

    def not_a_number(self) -> Iterator[Answer]:
        """Gradients that are NaN, of finite ones; but not those after which a step was left out, as a scaler does."""
        said = set()
        steps = self.story.steps
        for record in self.story.backwards:
            for number, culprit in record.nan.items():
                later = (s for s in steps if s.number > record.number for p, _, moved in s.parameters if p == number)
                if (
                    culprit.tag is not None
                    and culprit.tag[1] not in said
                    and (any(later) or not (steps or self.scaled))
                ):
                    said.add(culprit.tag[1])
                    yield nan_answer(self.story, self.names.of(number), culprit)
