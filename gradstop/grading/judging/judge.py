"""The judge: asks a submission's process for observations and compares them with its own.

The submission never says that it has passed. It says what it saw under seeds that it is told one at a time; what is
missing, late or malformed is worth nothing.
"""

import random
import time
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from gradstop.compare import Reference, Trial, Verdict, verdict_on
from gradstop.grading.answer_key.controls import Control, control_holds
from gradstop.grading.inside.channel import DISTURBED, ENDED, Channel, ProtocolError, value_of
from gradstop.grading.judging.accepted import AcceptedReports, Key
from gradstop.grading.judging.parse import parse_record
from gradstop.grading.process.attempt import less_time
from gradstop.grading.process.submission_process import SubmissionLostError
from gradstop.record import Record

CONTROLS = 3  # runs of controls for one exercise, which has some thirty of its own
NO_PROCESS = "the submission's process did not answer"
DISTRUST = (
    "What observes this exercise was disturbed: it was changed during a call, or functions of the judge's own, "
    "observed among the others, were not seen as what they are. The exercise could not be judged."
)
_DISTURBED = value_of(DISTURBED.decode())
_LOST = (ProtocolError, SubmissionLostError, OSError)  # TimeoutError is an OSError


@dataclass(frozen=True)
class Judged:
    """The verdict on one exercise, whether what was observed could be trusted, ``without`` which line its cell ran."""

    verdict: Verdict
    trusted: bool = True
    without: str = ""


@dataclass(frozen=True)
class _Order:
    """One run that is asked for: of the answer or of a control, in one trial of a case."""

    case: str
    index: int
    trial: Trial
    control: Control | None = None

    @property
    def key(self) -> Key:
        """What names this run among those of its exercise."""
        return (0 if self.control is None else self.control.number + 1, self.case, self.index)


class Observable(Protocol):
    """A submission whose cells have run, as ``Attempt`` is one."""

    @property
    def can_be_observed(self) -> bool:
        """Whether there is a process to observe."""
        ...

    def observe(self, exercise: str) -> AbstractContextManager[Channel]:
        """Have an exercise observed.

        Raises:
            SubmissionLostError: where the process has ended.

        """
        ...

    def restart(self) -> None:
        """Run the cells again in another process, for the exercises that follow."""
        ...


def judge_all(
    attempt: Observable,
    references: dict[str, Reference],
    controls: dict[str, list[Control]],
    seconds: float,
    accepted: dict[str, AcceptedReports] | None = None,
) -> dict[str, Judged]:
    """Have a submission observed in all exercises and return the verdicts.

    ``seconds`` is the time for the cases of one exercise; after one that has taken it all the others have a third, or
    ten seconds. ``accepted`` is by exercise, and goes from one submission to the next that is judged by the same
    references. Never raises for what the submission does.
    """
    judged, accepted = {}, {} if accepted is None else accepted
    later = less_time(seconds)
    for name, reference in references.items():
        if not attempt.can_be_observed:
            judged[name] = Judged(verdict_on(reference, {}, NO_PROCESS))
            continue
        known = accepted.setdefault(name, AcceptedReports())
        session = _Session(reference, controls.get(name, []), seconds, known)
        try:
            with attempt.observe(name) as channel:
                session.observe(channel)
        except _LOST:  # and the other exercises need another one
            attempt.restart()
        if session.is_over_time:
            seconds = later
        judged[name] = session.judged()
    return judged


class _Session:
    """The observation of one exercise: the answer's trials and the controls', shuffled under names that say nothing."""

    def __init__(
        self, reference: Reference, controls: list[Control], seconds: float, accepted: AcceptedReports
    ) -> None:
        self._reference, self._seconds, self._accepted = reference, seconds, accepted
        self._chance = random.SystemRandom()
        self._names = [f"{self._chance.getrandbits(32):08x}" for _ in range(len(controls) + 1)]
        self._controls = controls
        self._orders = [_Order(case, i, t) for case, trials in reference.trials.items() for i, t in enumerate(trials)]
        self._orders += self._control_orders()
        self._chance.shuffle(self._orders)
        self._seen: dict[tuple[str, int], Record] = {}
        self._reports: dict[tuple[str, int], tuple[Any, Any]] = {}
        self._missing = "its process was lost before it could be observed"
        self._trusted = True
        self.is_over_time = False

    def _control_orders(self) -> list[_Order]:
        """Return some runs of controls, each on a trial that the answer gets too.

        In one of them the control does something else than the solution: where an observer says of each function that
        it does what the solution does, this one is not seen as it is, whatever the others are.
        """
        behaviours, trials = self._reference.behaviours, self._reference.trials
        pairs = [(case, control) for control in self._controls for case in control.cases]
        telling = [
            (case, index, control)
            for case, control in pairs
            for index, differs in enumerate(behaviours[control.number][1][case])
            if differs
        ]
        chosen = self._chance.sample(telling, min(1, len(telling)))
        for case, control in self._chance.sample(pairs, min(CONTROLS - len(chosen), len(pairs))):
            chosen.append((case, self._chance.randrange(len(trials[case])), control))
        return [_Order(case, index, trials[case][index], control) for case, index, control in chosen]

    def observe(self, channel: Channel) -> None:
        """Go through all orders; what ends it is kept as the reason why the rest is missing."""
        self._deadline = time.monotonic() + self._seconds
        try:
            sources = dict(zip(self._names, [None, *(c.source for c in self._controls)], strict=True))
            self._send(channel, {"functions": dict(sorted(sources.items()))})
            self._send(channel, self._words(self._orders[0]))
            first = self._answer(channel, None, self._orders[0])["first"]
            for order, following in zip(self._orders, [*self._orders[1:], None], strict=True):
                self._send(channel, {"second": order.trial.setups[1], **(self._words(following) if following else {})})
                answer = self._answer(channel, order, following)
                self._note(order, first, answer["done"])
                first = answer.get("first")
            self._missing = ""
        except _LOST as error:
            self._missing, self.is_over_time = self._why(error), isinstance(error, TimeoutError)

    def _send(self, channel: Channel, message: dict[str, Any]) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # the next answer is what it said before it ended
            channel.send(message)

    def _note(self, order: _Order, first: Any, done: Any) -> None:
        control, place, is_known = order.control, (order.case, order.index), self._accepted.has(order.key, first, done)
        if is_known and control is None:
            self._seen[place] = order.trial.record
        elif not is_known:
            record = parse_record(first, order.case) + parse_record(done, order.case)
            if control is None:
                self._seen[place], self._reports[place] = record, (first, done)
            elif control_holds(self._reference, control.number, *place, order.trial, record):
                self._accepted.keep(order.key, first, done)
            else:
                self._trusted = False

    def _words(self, order: _Order) -> dict[str, object]:
        number = 0 if order.control is None else self._controls.index(order.control) + 1
        return {"function": self._names[number], "case": order.case, "first": order.trial.setups[0]}

    def _answer(self, channel: Channel, order: _Order | None, following: _Order | None) -> dict[str, Any]:
        """Return the next answer: the record of the run that is done, and the first one of the run that follows."""
        text = channel.receive_text(max(0.0, self._deadline - time.monotonic()))
        done, first = (None if one is None else one.key for one in (order, following))
        if known := self._accepted.read(text, done, first):
            return known
        answer = value_of(text)
        self._trusted = self._trusted and answer != _DISTURBED
        if not isinstance(answer, dict) or answer.keys() != ({"done", "first"} if following else {"done"}):
            raise ProtocolError("this is not an answer")
        return answer

    def _why(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"it had not returned after {self._seconds:g} s: look for a loop that never ends"
        if isinstance(error, SubmissionLostError):
            return str(error)
        if isinstance(error, OSError) or str(error) == ENDED:
            return "its process ended: a crash, or an exit"
        return f"its report could not be read: {error}"

    def judged(self) -> Judged:
        """Return the verdict on what has been seen. Where it ended half-way, nothing counts: the order is by chance."""
        if self._missing or not self._trusted:
            nothing = verdict_on(self._reference, {}, self._missing if self._trusted else DISTRUST)
            return Judged(nothing, self._trusted)
        observed = {
            case: [self._seen[case, index] for index in range(len(trials))]
            for case, trials in self._reference.trials.items()
        }
        verdict = verdict_on(self._reference, observed)
        agreeing = {case for case, one in zip(observed, verdict.cases, strict=True) if one.agrees}
        for (case, index), report in self._reports.items():
            if case in agreeing:
                self._accepted.keep((0, case, index), *report)
        return Judged(verdict)
