"""What a block did that is nearly never meant: each is said only where the calls show it. And what may be meant."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from gradstop.watch.func_faults import FuncFaults
from gradstop.watch.idle import Idle
from gradstop.watch.look import Look
from gradstop.watch.loss_faults import SAID, LossFaults
from gradstop.watch.memory_faults import MemoryFaults
from gradstop.watch.not_driven import ANOTHER, NotDriven
from gradstop.watch.step_faults import StepFaults
from gradstop.watch.used import DERIVATIVE
from gradstop.watch.words import Answer
from gradstop.watch.zero_gradients import cancels, is_flat, zero_answer

MOST = 4


def _apart(found: Iterable[Answer]) -> list[Answer]:
    """Return answers without those that name no line which an earlier one has not named."""
    answers: list[Answer] = []
    for answer in found:
        mine = {line.where for _, line in answer.lines}
        if not mine or not any(mine < {line.where for _, line in other.lines} for other in answers):
            answers.append(answer)
    return answers


class Faults(Look):
    """Looks a story through for all sorts of faults."""

    @cached_property
    def _not_driven(self) -> NotDriven:
        return NotDriven(*self.parts)

    def all(self) -> list[Answer]:
        """Return all that was found."""
        looks = (
            *(MemoryFaults(*self.parts), StepFaults(*self.parts), Idle(*self.parts), self._not_driven),
            *(LossFaults(*self.parts), FuncFaults(*self.parts)),
        )
        found = [answer for look in looks for answer in look.all()]
        if not any(answer.kind in SAID for answer in found):  # where the loss was cut, no backward passes anything
            found += MemoryFaults(*self.parts).not_passed()
        found += self._interior()
        once = {(answer.place, answer.reason): answer for answer in reversed(found)}
        return _apart(reversed(once.values())) or list(self._not_one())[:MOST]

    def perhaps(self, said: list[Answer]) -> list[Answer]:
        """Return what may be meant: gradients of zeros, parameters that are driven and not used, layers left out."""
        found: dict[object, Answer] = {}
        known = {answer.place for answer in said}
        others = {line for answer in said for what, line in answer.lines if what == ANOTHER}
        for answer in (
            *(*self._zeros(), *StepFaults(*self.parts).zeroed(), *self._never_given()),
            *(*self._not_driven.elsewhere(), *MemoryFaults(*self.parts).kept_meanwhile()),
            *Idle(*self.parts).by_nothing(),
        ):
            found.setdefault(answer.place, answer)
        news = (answer for place, answer in found.items() if place not in known)
        return [answer for answer in news if answer.kind != "other" or answer.lines[0][1] not in others][:MOST]

    def _interior(self) -> Iterator[Answer]:
        """Find interior tensors whose ``.grad`` was read: it is None."""
        read = {number: line for number, line, is_leaf in self.story.read_none if not is_leaf}
        for number, line in read.items():
            answer = self.why.interior(number, self.names.of(number))
            lines = (*answer.lines, ("its .grad is read here", line))
            yield Answer(answer.kind, answer.reason, lines, answer.mend, answer.read)

    def _not_one(self) -> Iterator[Answer]:
        """Explain why an optimizer whose steps moved nothing had not one gradient."""
        given: dict[int, bool] = {}
        for step in self.story.steps:
            some = any(had or moved for _, had, moved in step.parameters)
            given[step.optimizer] = given.get(step.optimizer, False) or some
        said = set()
        for step in self.story.steps:
            for number, _, _ in step.parameters if not given[step.optimizer] else ():
                answer = self.why.of_leaf(number, self.steps.without.get(number, True))
                if answer.place not in said:
                    said.add(answer.place)
                    yield answer

    def _zeros(self) -> Iterator[Answer]:
        """Find gradients that were all zeros whenever it was looked, up to the last one."""
        for number in sorted(self.backwards.zero):
            found = [record.zero[number] for record in self.story.backwards if number in record.zero]
            learns = number in self.story.parameters or number in self.steps.driven or not self.story.steps
            if found and learns and not is_flat(found[-1]) and not cancels(self.story, found[-1]):
                yield zero_answer(self.story, self.names.of(number), found[-1], number)

    def _never_given(self) -> Iterator[Answer]:
        """Find parameters of an optimizer that required a gradient, and never had one at a step."""
        for number, flagged in sorted(self.steps.without.items()):
            if flagged and number not in self.steps.ever_given:
                answer = self.why.of_leaf(number, True)
                if answer.kind != DERIVATIVE:  # a last bias, where the loss is of derivatives alone
                    yield answer
