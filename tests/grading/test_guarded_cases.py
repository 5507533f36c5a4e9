"""No code of an answer runs while a case observes but where the guard is: in a call of it, and in `see.run`."""

import sys

import pytest
from support.course import exercises, together

from gradstop.observe import run_case
from gradstop.record import Setup

# Right answers leave hooks on their module, which run wherever the case trains.
TRAINS = "freeze"


class Inside:
    """Notes which code of an answer, by its file's name, runs outside of what is guarded."""

    def __init__(self, filename):
        self.filename, self.depth, self.outside = filename, 0, set()

    def look(self, frame, event, _):
        code = frame.f_code
        if event != "call" or self.depth or not code.co_filename.endswith(self.filename) or code.co_name == "<module>":
            return
        below = frame.f_back
        while below is not None and below.f_code.co_filename != "cases.py":  # where a case ends streams are closed
            below = below.f_back
        if below is not None:
            self.outside.add((code.co_name, below.f_code.co_name))

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
