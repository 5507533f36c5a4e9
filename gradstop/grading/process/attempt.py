"""One submission's run: its cells, then its exercises, in a process that may be lost and started again."""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from gradstop.grading.inside.cell_outputs import MAX_OUTPUTS_SIZE, SMALLEST
from gradstop.grading.inside.channel import Channel
from gradstop.grading.intake.bounds import MAX_ALL_OUTPUTS, MAX_LOST, MAX_OUTPUT, MAX_OUTPUTS
from gradstop.grading.intake.outputs import error_output, finish_outputs, read_outputs
from gradstop.grading.intake.template import Cell, is_check
from gradstop.grading.process.submission_process import MAX_CELL, SubmissionLostError, SubmissionProcess
from gradstop.grading.process.warm_process import WarmProcess

_log = logging.getLogger(__name__)
LEAST_SECONDS = 10.0  # for a cell or an exercise after one that never ended
_ANEW, _LEAST_ANEW = 8, 2  # times the memory that exercises may take anew: all together, and each in any case
ENOUGH = f"This cell was not run: {MAX_LOST} others have ended the process, or were stopped."
_Outputs = dict[int, list[dict[str, Any]]]


def less_time(seconds: float) -> float:
    """Return the time for a cell, or an exercise, after one that has taken all of its ``seconds``."""
    return min(seconds, max(seconds / 3, LEAST_SECONDS))


class Attempt:
    """A submission's cells and exercises, run under the rules of a warm process.

    A cell that kills or hangs its process is left out, and the others are run again without it.

    Attributes:
        outputs: those of each cell, by its number, once ``run_cells`` has returned.
        changed: what the cells have changed of torch and of Python, as their processes report it.

    """

    def __init__(
        self,
        warm_process: WarmProcess,
        cases: str,
        files: dict[str, bytes],
        cells: list[Cell],
        until: float = float("inf"),
    ) -> None:
        """Prepare to run ``cells``; ``cases`` is the text of ``cases.py``, ``files`` lie beside the notebook.

        From ``until`` on, by the monotonic clock, whatever is asked raises PutOffError.
        """
        self.outputs: _Outputs = {}
        self.changed: list[str] = []
        self._warm_process, self._cases, self._files, self._cells = warm_process, cases, files, cells
        self._until = until
        self._seconds = warm_process.rules.total  # left for cells; the time that observing takes is not theirs
        self._cell_seconds = warm_process.rules.cell
        self._anew = _ANEW * warm_process.rules.limits.memory  # bytes left for exercises
        self._room = 2 * MAX_OUTPUT  # bytes that all its processes may report as outputs
        self._left_out: dict[int, str] = {}
        self._stack = ExitStack()
        self._process: SubmissionProcess | None = None

    def __enter__(self) -> "Attempt":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run_cells(self) -> None:
        """Run all cells but the checks in a fresh process, which is left running; without one there are no outputs."""
        outputs = self._run_until_all_have_run()
        if not self.can_be_observed:
            return
        finish_outputs(outputs.values())
        lost = {
            number: [
                error_output("CellLost", f"This cell was stopped: {why}. The other cells were run again without it.")
            ]
            for number, why in self._left_out.items()
        }
        self.outputs = outputs | lost

    def restart(self) -> None:
        """Run the cells again in another process, for the exercises that follow; outputs stay as they are."""
        self._room = 0
        self._run_until_all_have_run()

    @contextmanager
    def observe(self, exercise: str) -> Iterator[Channel]:
        """Have an exercise observed in a fork of the process; yield the channel to that fork.

        Raises:
            SubmissionLostError: where the process has ended, or could not be started.

        """
        process = self._process
        if process is None:
            raise SubmissionLostError("its process could not be started")
        before = process.touched()
        try:
            with process.exercise(
                exercise, max(self._anew, _LEAST_ANEW * self._warm_process.rules.limits.memory)
            ) as channel:
                yield channel
        finally:
            self._anew -= max(0, process.touched() - before)
        self.changed += [name for name in process.changed if name not in self.changed]

    @property
    def can_be_observed(self) -> bool:
        """Whether there is a process in which all cells have run that can be run."""
        return self._process is not None

    def left_out(self) -> list[str]:
        """Say which cells were left out, and why."""
        return [f"cell {number + 1}: {why}" if number >= 0 else why for number, why in sorted(self._left_out.items())]

    def close(self) -> None:
        """End the process with all that it has started."""
        self._process = None
        self._stack.close()

    def _run_until_all_have_run(self) -> _Outputs:
        """Start a process and run the cells; with each that ends the process, start again without it."""
        while True:
            self.close()
            try:
                process = self._stack.enter_context(self._warm_process.start_submission(self._cases, self._files))
            except SubmissionLostError as reason:
                self._left_out[-1] = str(reason)
                return {}
            process.until = self._until
            outputs = self._run_once(process)
            if outputs is not None:
                self._process = process
                return outputs

    def _run_once(self, process: SubmissionProcess) -> _Outputs | None:
        """Return the cells' outputs, or None where one has ended the process, which is left out from then on."""
        outputs: _Outputs = {}
        left, room = MAX_ALL_OUTPUTS, min(MAX_OUTPUT, self._room)
        last = max(self._left_out, default=-1) if len(self._left_out) >= MAX_LOST else len(self._cells)
        for number, cell in enumerate(self._cells):
            if cell["cell_type"] != "code" or is_check(cell) or number in self._left_out:
                continue
            if number > last:
                outputs[number] = [error_output("NotRun", ENOUGH)]
                continue
            start = time.monotonic()
            try:
                outputs[number], size = self._run_cell(process, cell["source"], room, min(MAX_OUTPUTS, left))
            except SubmissionLostError as reason:
                self._left_out[number] = str(reason)
                _log.info("cell %d is left out: %s", number + 1, reason)
                return None
            finally:
                self._seconds -= time.monotonic() - start
            left, room, self._room = max(0, left - len(outputs[number])), room - size, self._room - size
        return outputs

    def _run_cell(
        self, process: SubmissionProcess, source: str, room: int, most: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Run a cell; return its outputs, ``most`` of them and not many more than ``room`` bytes, and their bytes."""
        if len(source) > MAX_CELL:
            return [error_output("CellTooLong", f"This cell has {len(source)} characters, and was not run.")], 0
        if self._seconds <= 0:
            return [error_output("NoTimeLeft", "The submission's time was over before this cell could run.")], 0
        seconds, start, whole = min(self._cell_seconds, self._seconds), time.monotonic(), self._warm_process.rules.cell
        try:
            outputs, size = process.run(source, seconds, min(MAX_OUTPUTS_SIZE, max(SMALLEST, room)))
        except SubmissionLostError:
            took = time.monotonic() - start
            if took >= whole:  # as long again is left for all others
                self._cell_seconds, self._seconds = less_time(whole), min(self._seconds, took + whole)
            raise
        return read_outputs(outputs, most), size
