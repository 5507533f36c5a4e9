"""No code of an answer runs while a case observes, but in what the guard runs: a call of the function, or ``see.run``."""

import sys

import pytest
from support.course import exercises, together

from gradstop.observe import run, run_case
from gradstop.record import Setup


# A right answer leaves hooks on its module, which run wherever the case trains: the log and the names are put back there,
# before anything is read.
TRAINS = "freeze"


class Inside:
    """Notes which code of an answer, by its file's name, runs outside of what is guarded."""

    def __init__(self, filename):
        self.filename, self.depth, self.outside = filename, 0, set()

    def look(self, frame, event, _):
        code = frame.f_code
        if (
            event == "call"
            and not self.depth
            and code.co_filename.endswith(self.filename)
            and code.co_name != "<module>"
        ):
            caller = frame.f_back.f_code
            if caller.co_filename != run.__file__:  # a stream is closed where a case ends
                self.outside.add((code.co_name, caller.co_name))

    def run(self, what, *arguments, **named):
        self.depth += 1
        try:
            return what(*arguments, **named)
        finally:
            self.depth -= 1


@pytest.mark.parametrize(("bench", "exercise"), exercises(lambda bench: (together(bench),)))
def test_no_code_of_an_answer_runs_unguarded(bench, exercise):
    found = {}
    for answer in bench.right.get(exercise, []):
        inside = Inside("right_answers.py")
        for one in bench.cases[exercise]:
            sys.setprofile(inside.look)
            try:
                run_case(
                    one,
                    lambda *a, answer=answer, inside=inside, **k: inside.run(answer.function, *a, **k),
                    Setup(1),
                    lambda _: Setup(2),
                    after=inside.run,
                )
            finally:
                sys.setprofile(None)
        if inside.outside:
            found[answer.name] = inside.outside
    assert exercise == TRAINS or not found
