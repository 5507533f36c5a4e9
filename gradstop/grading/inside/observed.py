"""Observes one exercise, in a fork of the submission's process: it says what it sees, and never what it is worth."""

import gc
import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from gradstop.grading.inside.channel import MISSING, Channel, answer_text
from gradstop.grading.inside.guard.finish import end_where_touched, go_on
from gradstop.grading.inside.guard.guard import Guard
from gradstop.grading.inside.guard.left_on import block_signals, dropped, free_signals, take_off_profilers
from gradstop.grading.inside.guard.own import Mark, State, set_state
from gradstop.internals.cpython import begin_pools_anew
from gradstop.observe import Case, reset, run_case
from gradstop.observe.unpatched import class_name
from gradstop.record import Record, Setup

Function = Callable[..., Any]


def observe_alone(
    judge: Channel,
    guard: Guard,
    cases: Sequence[Case],
    answer: Any,
    before_cells: tuple[Mark, State] | None = None,
    end: Callable[[tuple[Mark, State] | None, int], None] = end_where_touched,
) -> None:
    """Observe the answer, and the judge's own controls, in the cases and under the seeds that the judge names.

    The judge first sends the controls' sources by name; the answer is the one without a source. Then it orders run
    after run: a function, a case and the first phase's setup. Once it holds that phase's record it sends the second
    phase's setup, and with it the next order; the second phase's record comes back with the next run's first. Where
    what puts back is not what it was ``before_cells``, nothing that is observed counts.
    """
    _calm()
    end(before_cells, judge.fileno())
    guard.restore()
    reset()  # drops what cells have left on, whose code runs then
    end(before_cells, judge.fileno())
    guard.restore()  # what cells have written to is known from here on, or each run would look at it
    sources = judge.receive()["functions"]
    functions = {
        name: guard.around(_callable(answer) if source is None else function_of(source))
        for name, source in sources.items()
    }
    known = {case.name: case for case in cases}
    guard.keep(known, functions)
    guard.report_to(judge.fileno())
    # The mark is on the stack, as for ``finish``: code of the submission's runs where a case drops an object, too.
    judge.send_text(go_on(*guard.marked(), _last_answer(judge, guard, guard.state(), known, functions)))


def _last_answer(
    judge: Channel,
    guard: Guard,
    state: State,
    known: dict[str, Case],
    functions: dict[str, Function],
    set_back: Callable[[State], bool] = set_state,
) -> str:
    """Do what is ordered, run after run; return the answer to the last order.

    What is put back before each run is all that was written to since the one before began: code that has run where a
    case dropped an object may have had what is written to taken for known.
    """
    order: dict[str, Any] = judge.receive()
    done, watch = "null", partial(guard.watch, judge)

    def challenge(record: Record) -> Setup:
        nonlocal order
        judge.send_text(answer_text(done, guard.report(record.stopped)))
        order = judge.receive()
        guard.restore()
        return _setup(order["second"])

    guard.speak_by(challenge)
    while "function" in order:
        set_back(state)
        guard.restore()
        state = guard.state()
        reset()  # nothing is put back: this process ends
        now = order
        first = _setup(now["first"])
        second = run_case(
            known[now["case"]],
            functions[now["function"]],
            first,
            challenge,
            after=guard.after,
            watch=watch,
            settle=guard.settle,
        )
        done = guard.report(second.stopped)
    return answer_text(done, None)


def _calm() -> None:
    """Take off what the cells have left on; torch's own modes and defaults are reset for each case.

    What is replaced here stays alive, as its code would run.
    """
    dropped.extend((sys.stdout, sys.stderr, *gc.callbacks))
    sys.settrace(None)
    sys.setprofile(None)
    threading.settrace(None)
    threading.setprofile(None)
    take_off_profilers()
    gc.callbacks.clear()
    block_signals()
    os.register_at_fork(after_in_child=free_signals)  # or a pool of processes could not end its own
    begin_pools_anew()
    torch.set_num_threads(1)  # the parent's OpenMP threads are not here, and waiting for them would never end
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until the process ends


def function_of(source: str) -> Function:
    """Return the function that a control's source defines last."""
    namespace: dict[str, Any] = {"__name__": "answer"}
    exec(compile(source, "answer", "exec"), namespace)  # noqa: S102 - the judge's own
    function: Function = list(namespace.values())[-1]
    return function


def _callable(function: Any) -> Function:
    if callable(function):
        return function  # type: ignore[no-any-return]

    said = MISSING if function is None else f"what has this name is {class_name(type(function))}, and no function"

    def missing(*_: Any, **__: Any) -> None:
        raise NameError(said)

    return missing


def _setup(data: list[Any]) -> Setup:
    seed, options = data
    return Setup(seed, tuple(options))
