"""Runs a submission's cells; what kills or hangs the process is left out, and the rest run again without it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from gradstop.grading.outputs import error_output, parse_outputs
from gradstop.grading.room import Room
from gradstop.grading.seat import LONGEST_CELL, Seat, SeatLostError
from gradstop.grading.template import Cell, is_check

MOST = 10_000_000  # characters of all outputs of a submission
TOO_MUCH = "The notebook shows more than is kept; from here on its outputs are left out."


@dataclass
class Run:
    """A submission's cells as they ran: the outputs of each, by number, and why some were left out."""

    seat: Seat | None
    outputs: dict[int, list[dict[str, Any]]]
    lost: dict[int, str]

    def left_out(self) -> list[str]:
        """Say which cells were left out, and why."""
        return [f"cell {number + 1}: {why}" if number >= 0 else why for number, why in sorted(self.lost.items())]


@contextmanager
def running(room: Room, cases: str, files: dict[str, bytes], cells: list[Cell]) -> Iterator[Callable[[], Run]]:
    """Yield a function that runs all cells but the checks in a fresh process, which it leaves running.

    Each call ends the process before. What killed a process in one call is left out in the next.
    """
    lost: dict[int, str] = {}
    seconds = room.rules.total  # what is left for cells; the time that observing takes is not theirs
    with ExitStack() as stack:

        def run() -> Run:
            nonlocal seconds
            while True:
                stack.close()
                outputs: dict[int, list[dict[str, Any]]] = {}
                left = MOST
                try:
                    seat = stack.enter_context(room.seat(cases, files))
                except SeatLostError as reason:
                    return Run(None, outputs, {**lost, -1: str(reason)})
                for number, cell in enumerate(cells):
                    if cell["cell_type"] != "code" or is_check(cell) or number in lost:
                        continue
                    start = time.monotonic()
                    try:
                        some = _run_one(seat, cell["source"], min(room.rules.cell, seconds))
                        left -= len(repr(some))
                        outputs[number] = some if left >= 0 else [error_output("TooMuchShown", TOO_MUCH)]
                    except SeatLostError as reason:
                        lost[number] = str(reason)
                        break
                    finally:
                        seconds -= time.monotonic() - start
                else:
                    shown = {number: [error_output("CellLost", _lost(reason))] for number, reason in lost.items()}
                    return Run(seat, outputs | shown, lost)

        yield run


def _run_one(seat: Seat, source: str, seconds: float) -> list[dict[str, Any]]:
    if len(source) > LONGEST_CELL:
        return [error_output("CellTooLong", f"This cell has {len(source)} characters, and was not run.")]
    if seconds <= 0:
        return [error_output("NoTimeLeft", "The submission's time was over before this cell could run.")]
    return parse_outputs(seat.run(source, seconds))


def _lost(reason: str) -> str:
    return f"This cell was stopped: {reason}. The other cells were run again without it."
