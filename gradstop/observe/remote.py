"""The observed side of grading: runs in the submission's process once the learner's cells have run.

It says what it sees and never what it is worth. Each exercise is observed in a fork of its own, so that a crash
or an endless loop costs that exercise and no other.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import torch

from gradstop.observe.case import Case, read_cases
from gradstop.observe.channel import Channel, ProtocolError
from gradstop.observe.record import Record
from gradstop.observe.run import run_case


def serve(address: str, namespace: dict[str, Any]) -> None:
    """Observe the exercises that the judge at ``address`` names, on the functions of ``namespace``, until it is done.

    The judge first sends the text of ``cases.py``; then for each exercise its name, and "end" when it has seen
    enough of it.
    """
    with contextlib.suppress(ProtocolError), Channel.connect(address) as control:
        cases = read_cases(control.receive()["cases"])
        while True:
            exercise = control.receive()["exercise"]
            pid = os.fork()
            if pid == 0:
                _observe_alone(address, cases[exercise], namespace.get(exercise))
            control.send({"pid": pid})
            control.receive()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _observe_alone(address: str, cases: list[Case], function: Any) -> None:
    """Observe one exercise in a forked process, and end it."""
    try:
        torch.set_num_threads(1)  # the parent's OpenMP threads are not here, and waiting for them would never end
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
        _observe(Channel.connect(address), {case.name: case for case in cases}, _callable(function))
    finally:
        os._exit(0)


def _observe(judge: Channel, cases: dict[str, Case], function: Callable[..., Any]) -> None:
    def challenge(record: Record) -> int:
        judge.send(record.to_json())
        seed: int = judge.receive()["seed"]
        return seed

    while True:
        order = judge.receive()
        second, _ = run_case(cases[order["case"]], function, order["seed"], challenge)
        judge.send(second.to_json())


def _callable(function: Any) -> Callable[..., Any]:
    if callable(function):
        return function  # type: ignore[no-any-return]

    def missing(*_: Any) -> None:
        raise NameError("the notebook defines no function of this name: did its cell run?")

    return missing
