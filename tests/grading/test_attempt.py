"""An attempt at a submission: what is run again, and what stands where nothing can be run."""

import time
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from gradstop.grading.process import attempt as module
from gradstop.grading.process.attempt import Attempt
from gradstop.grading.process.submission_process import SubmissionLostError
from gradstop.grading.rules import Rules

CELLS = [{"cell_type": "code", "metadata": {}, "source": f"cell {number}"} for number in range(3)]


class NoProcess:
    """A warm process from which none can be forked."""

    rules = Rules()

    @contextmanager
    def start_submission(self, cases, files):
        raise SubmissionLostError("it took more than 1024 MiB of memory")
        yield


def test_without_a_process_no_cell_gets_an_output():
    with Attempt(NoProcess(), "", {}, CELLS) as attempt:
        attempt.run_cells()
        assert attempt.outputs == {}
        assert not attempt.can_be_observed
        assert attempt.left_out() == ["it took more than 1024 MiB of memory"]


class Process:
    """A process whose first cell never ends; each exercise takes all the memory anew that it may, and is lost."""

    changed = ()

    def __init__(self):
        self.asked, self._touched = [], 0

    def run(self, source, seconds, room):
        self.asked.append(seconds)
        if source == "cell 0":
            time.sleep(seconds)
            raise SubmissionLostError(f"it was still running after {seconds:g} s")
        return [], 0

    def touched(self):
        return self._touched

    @contextmanager
    def exercise(self, name, anew):
        self.asked.append(anew)
        self._touched += anew
        raise SubmissionLostError("it took memory again and again")
        yield


class Warm:
    rules = replace(Rules(), cell=0.3)

    def __init__(self):
        self.process = Process()

    @contextmanager
    def start_submission(self, cases, files):
        yield self.process


def test_after_a_cell_that_never_ends_the_others_have_less_time(monkeypatch):
    monkeypatch.setattr(module, "LEAST_SECONDS", 0.05)
    warm = Warm()
    with Attempt(warm, "", {}, CELLS) as attempt:
        attempt.run_cells()
        assert attempt.left_out() == ["cell 1: it was still running after 0.3 s"]
    assert warm.process.asked == [0.3, *[pytest.approx(0.1)] * 2]
    assert attempt._seconds == pytest.approx(0.3, abs=0.1)


def test_memory_that_is_taken_again_and_again_is_counted_for_all_exercises_together():
    warm = Warm()
    with Attempt(warm, "", {}, CELLS[1:]) as attempt:
        attempt.run_cells()
        warm.process.asked.clear()
        for _ in range(3):
            with suppress(SubmissionLostError), attempt.observe("stop"):
                pass
    gib = 1 << 30
    assert warm.process.asked == [8 * gib, 2 * gib, 2 * gib]
