"""Losses that do not reach what they are to train."""

from collections.abc import Iterator
from typing import Any

from gradstop.watch.constants import why_constant
from gradstop.watch.cuts import cut_answer
from gradstop.watch.kinds import CASTS, DISCRETE
from gradstop.watch.lines import Line
from gradstop.watch.look import Look
from gradstop.watch.records import Event
from gradstop.watch.words import Answer
from gradstop.watch.zero_gradients import is_flat, nan_answer, zero_answer

_ADDS = {"add", "__add__", "__radd__", "sub", "__sub__", "__rsub__", "__iadd__", "add_", "sum"}
_SAID = ("cut", "none")


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
            if answer.kind in _SAID and (lines := answer.place[1:]) not in said:
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
                if culprit.tag is not None and culprit.tag[1] not in said and (not steps or any(later)):
                    said.add(culprit.tag[1])
                    yield nan_answer(self.story, self.names.of(number), culprit)
