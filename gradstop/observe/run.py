"""Runs one case: the first phase, the commitment, and what is drawn only after it."""

from collections.abc import Callable
from typing import Any

from gradstop.observe.case import Case
from gradstop.observe.draw import Choice, Draw
from gradstop.observe.isolate import isolated
from gradstop.observe.notebook import Notebook
from gradstop.observe.see import Observer, Stopped, first_line
from gradstop.record import Record

# Given the first phase's record, returns the second phase's seed.
Challenge = Callable[[Record], int]


def run_case(case: Case, function: Callable[..., Any], seed: int, challenge: Challenge) -> tuple[Record, list[Choice]]:
    """Observe ``function`` in ``case``; return the second phase's record and the choices that were drawn.

    The first phase draws from ``seed``. Its record goes to ``challenge``, which answers with the seed of the
    second; nothing of it is kept here. An error ends the case, and the record says so in ``stopped``; a case
    that ended in its first phase has an empty second one. Raises ValueError for a case without its ``yield``.
    """
    notebook = Notebook(case.name)
    with isolated():
        draw = Draw(seed, notebook)
        phases = case.body(function, draw, Observer(notebook, case.read))
        finished, stopped = _advance(lambda: next(phases))
        if finished and stopped is None:
            raise ValueError(f"case {case.name!r} has no second phase: write `later = yield` once in it")
        seed = challenge(notebook.take(stopped))
        if finished:
            return Record(case.name), draw.choices
        later = Draw(seed, notebook)
        finished, stopped = _advance(lambda: phases.send(later))
        if not finished:
            raise ValueError(f"case {case.name!r} yields twice: two phases are all there are")
        return notebook.take(stopped), draw.choices + later.choices


def observe(case: Case, function: Callable[..., Any], seeds: tuple[int, int]) -> Record:
    """Run both phases of a case with known seeds and return all that was observed."""
    return observe_with_choices(case, function, seeds)[0]


def observe_with_choices(
    case: Case, function: Callable[..., Any], seeds: tuple[int, int]
) -> tuple[Record, frozenset[Choice]]:
    """Like ``observe``; also returns the choices that the case drew."""
    first: list[Record] = []

    def challenge(record: Record) -> int:
        first.append(record)
        return seeds[1]

    second, choices = run_case(case, function, seeds[0], challenge)
    return first[0] + second, frozenset(choices)


def _advance(step: Callable[[], Any]) -> tuple[bool, str | None]:
    """Run a phase; say whether the case is over, and by which error."""
    try:
        step()
    except StopIteration:
        return True, None
    except Stopped:
        return True, "the function raised"
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return True, f"{type(error).__name__}: {first_line(error)}"
    return False, None
