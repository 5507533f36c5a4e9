"""Runs one case: the first phase, the commitment, and what is drawn only after it."""

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from gradstop.observe.case import Case
from gradstop.observe.draw import Choose, Draw
from gradstop.observe.error_texts import first_line
from gradstop.observe.isolate import isolated, reset
from gradstop.observe.log import ObservationLog
from gradstop.observe.probes import Observer, Run, Stopped, run_alone
from gradstop.record import Record, Setup, Setups

# Given the first phase's record, returns what the second is drawn from.
Challenge = Callable[[Record], Setup]


def run_case(
    case: Case,
    function: Callable[..., Any],
    first: Setup,
    challenge: Challenge,
    *,
    log: ObservationLog | None = None,
    choose: Choose | None = None,
    after: Run = run_alone,
    watch: Callable[..., object] = lambda *_: None,
    settle: Callable[..., object] = lambda **_: None,
) -> Record:
    """Observe ``function`` in ``case`` and return the second phase's record.

    The first phase is drawn from ``first``. Its record goes to ``challenge``, which answers with what the second is
    drawn from; nothing of it is kept here. An error ends the case, and the record says so in ``stopped``; a case that
    ended in its first phase has an empty second one. ``choose`` picks the options where a setup does not name them.
    What the case runs later than the function, a backward in most cases, is run by ``after``. Before each phase
    ``watch`` is told the objects that the case observes by. ``settle`` is called before anything is read, and when an
    observation is written. Global state is neutral where the caller has made it so, by ``isolated`` and ``reset``.

    Raises:
        ValueError: for a case without its ``yield``.

    """
    log = log or ObservationLog(case.name)
    with _collections_of_its_own() if case.counts_alive else nullcontext():
        draw, see = Draw(first, log, choose), Observer(log, case.read, after, settle)
        watch(log, draw, see)
        phases = case.body(function, draw, see)
        finished, stopped = _advance(next, phases)
        if finished and stopped is None:
            raise ValueError(f"case {case.name!r} has no second phase: write `later = yield` once in it")
        settle()
        second = challenge(log.take(stopped))
        if finished:
            return Record(case.name)
        later = Draw(second, log, choose)
        watch(log, draw, see, later)
        finished, stopped = _advance(phases.send, later)
        if not finished:
            raise ValueError(f"case {case.name!r} yields twice: two phases are all there are")
        settle()  # what the case has held is dropped: a stream that was not read to its end is closed
        return log.take(stopped)


@contextmanager
def _collections_of_its_own() -> Iterator[None]:
    """Let garbage collections look at what is made meanwhile, and not at all that was there before."""
    gc.freeze()
    try:
        yield
    finally:
        # A process that grades ends soon, and stays frozen: a collection would copy what it shares with others.
        if "GRADSTOP_GRADING" not in os.environ:
            gc.unfreeze()


def observe(case: Case, function: Callable[..., Any], setups: Setups) -> Record:
    """Run both phases of a case with known setups and return all that was observed."""
    (record,) = observe_each(case, function, [setups])
    return record


def observe_each(case: Case, function: Callable[..., Any], trials: Iterable[Setups]) -> Iterator[Record]:
    """Run a case with each of these known setups and yield what was observed; between them global state is neutral."""
    with isolated():
        for number, setups in enumerate(trials):
            if number:
                reset()
            first: list[Record] = []
            second = run_case(case, function, setups[0], _telling(setups[1], first))
            yield first[0] + second


def _telling(setup: Setup, first: list[Record]) -> Challenge:
    """Return a challenge that keeps the record that it is given, and answers with this setup."""

    def challenge(record: Record) -> Setup:
        first.append(record)
        return setup

    return challenge


def _advance(step: Callable[[Any], Any], of: Any) -> tuple[bool, str | None]:
    """Run a phase; say whether the case is over, and by which error.

    No closure: who finds one can give the names of this module's functions that it shares other values.
    """
    try:
        step(of)
    except StopIteration:
        return True, None
    except Stopped:
        return True, "the function raised"
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return True, f"{type(error).__name__}: {first_line(error)}"
    return False, None
