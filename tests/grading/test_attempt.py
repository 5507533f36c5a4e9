"""An attempt at a submission: what is run again, and what stands where nothing can be run."""

from contextlib import contextmanager

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
