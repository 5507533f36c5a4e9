"""Which cases of an exercise a function agrees in, under one seed and another."""

import os
import random
from functools import cache

from support.limited import TooLong, limited

from gradstop.authoring.bench import agrees_in
from gradstop.grading.answer_key.trial_selection import covering_trials

SEEDS = int(os.environ.get("GRADSTOP_SEEDS", "8"))  # weekly: 50


@cache
def trials_under(bench, exercise, seed):
    """Return the trials of each case, by its name, with numbers from a seed; None: those of the recording."""
    if seed is None:
        return bench.recorded[exercise].trials
    numbers = random.Random(f"{exercise} {seed}")
    return {
        case.name: covering_trials(case, bench.solutions[exercise], lambda: numbers.getrandbits(53))
        for case in bench.cases[exercise]
    }


def agreeing(bench, exercise, seed, function, seconds=4):
    """Return the titles of the cases in which a function agrees in every trial; None where it takes too long."""
    trials = trials_under(bench, exercise, seed)
    try:
        with limited(seconds):
            return [case.title for case in bench.cases[exercise] if agrees_in(case, function, trials[case.name])]
    except TooLong:
        return None
