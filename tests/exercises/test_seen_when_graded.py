"""What an answer does is seen in a process that is graded as it is in a check: the guard around a call changes nothing."""

import pytest
from support.course import BENCHES, together
from support.forks import in_a_fork

from gradstop.grading.inside.guard.guard import Guard
from gradstop.observe import names_of, reset, run_case

ASSIGNMENTS = [pytest.param(bench, id=bench.assignment.name, marks=together(bench)) for bench in BENCHES]

BY_ADDRESS = {"each_function_once_accumulate"}  # it goes through a set of functions, which has another order each time


def observed_by(guard, case, function, setups):
    """Return what is observed of a guarded function under these setups, as a process that is graded does it."""
    first = []

    def challenge(record):
        first.append(record)
        guard.report(record.stopped)
        guard.restore()
        return setups[1]

    guard.restore()
    reset()
    second = run_case(case, function, setups[0], challenge, after=guard.after, watch=guard.watch, settle=guard.settle)
    guard.report(second.stopped)
    return first[0] + second


def values(record):
    """Return what a verdict goes by: not the texts of errors, which of an endless recursion tell where it ended."""
    return [(one.name, one.kind, one.value) for one in record.observations]


@pytest.mark.parametrize("bench", ASSIGNMENTS)
def test_a_known_answer_is_seen_under_the_guard_as_it_is_without(bench):
    answers = [one for several in bench.wrong.values() for one in several if one.name not in BY_ADDRESS]
    known = [(one, bench.known_observed(one)) for one in answers]

    def body():
        guard, names = Guard(), names_of(bench.cases.values())
        guard.keep(bench.cases, *names)
        guard.keep_what_is_used(*names)
        others = []
        for one, records in known:
            function = guard.around(one.function)
            for case in bench.cases[one.exercise]:
                trials = bench.recorded[one.exercise].trials[case.name]
                for trial, record in zip(trials, records[case.name], strict=True):
                    if values(observed_by(guard, case, function, trial.setups)) != values(record):
                        others.append((one.exercise, one.name, case.name))
        assert not others, others

    in_a_fork(body)
