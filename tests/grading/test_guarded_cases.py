"""No code of an answer runs while a case observes but where the guard is: in a call of it, and in `see.run`."""

import sys
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from support.course import exercises, together

from gradstop.observe import isolated, run_case
from gradstop.record import Setup

HOOK = SimpleNamespace(co_filename="hook", co_name="a hook")


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

    def hook(self, *_):
        """Note where a hook runs that an answer has left."""
        self.look(SimpleNamespace(f_code=HOOK, f_back=sys._getframe()), "call", None)

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
                with isolated():
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
    assert not found


def hang(inside, *things):
    """Put hooks on modules, tensors and optimizers, and on what lists, tuples and dictionaries hold."""
    for thing in things:
        if isinstance(thing, torch.nn.Module):
            for part in thing.modules():
                part.register_forward_hook(inside.hook)
                part.register_forward_pre_hook(inside.hook)
                part.register_state_dict_pre_hook(inside.hook)
            hang(inside, *thing.parameters())
        elif isinstance(thing, torch.Tensor) and thing.requires_grad:
            thing.register_hook(inside.hook)
            if thing.is_leaf:
                thing.register_post_accumulate_grad_hook(inside.hook)
        elif isinstance(thing, torch.optim.Optimizer):
            thing.register_step_post_hook(inside.hook)
        elif isinstance(thing, list | tuple | dict):
            hang(inside, *(thing.values() if isinstance(thing, dict) else thing))


@pytest.mark.parametrize(("bench", "exercise"), exercises(lambda bench: (together(bench),)))
def test_no_hook_that_an_answer_leaves_runs_unguarded(bench, exercise):
    inside = Inside("hook")

    def leaves_hooks(*arguments, **named):
        result = bench.solutions[exercise](*arguments, **named)
        hang(inside, result, *arguments, *named.values())
        return result

    for one in bench.cases[exercise]:
        for seed in (1, 2, 3):
            with isolated():
                run_case(one, partial(inside.run, leaves_hooks), Setup(seed), lambda _: Setup(4), after=inside.run)
    assert not inside.outside
