"""Vets an exercise before it reaches a learner: a grader is tested as hard as the students."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

import torch

from gradstop.authoring.bench import Bench
from gradstop.authoring.domain import features_met
from gradstop.compare import Verdict, verdict_on
from gradstop.course import CHECK
from gradstop.record import Record

Seeds = Sequence[int | None]  # None: the seeds of the recording
SEEDS = range(5)


def vet(bench: Bench, exercise: str, seeds: Seeds = SEEDS) -> list[str]:
    """Return what is wrong with an exercise, a sentence for each fault; empty if it may be released.

    It is refused if it has no case, or a domain that its cases do not meet or its statement does not say; if its
    points cannot be shared among its cases; if a case is passed by the stub, by a constant answer, or by a recording
    of another seed; if a wrong answer passes or two are observed alike; if a right answer fails; or if a verdict
    changes with the seed.
    """
    if not bench.cases.get(exercise):
        return [f"{exercise} has no case: write one in {bench.assignment.name}/cases.py."]
    steps = (_domain, _points, _solution, _stub, _constants, _recordings, _right, _wrong, _alike)
    return [f"{exercise}: {fault}" for step in steps for fault in step(bench, exercise, seeds)]


def _domain(bench: Bench, exercise: str, seeds: Seeds) -> Iterator[str]:  # noqa: ARG001 - one shape for all steps
    if exercise not in bench.domains:
        yield "domain.toml has no table for it."
        return
    met = features_met(bench.cases[exercise], bench.solutions[exercise])
    yield from bench.domains[exercise].faults(met, bench.statements[exercise])


def _points(bench: Bench, exercise: str, seeds: Seeds) -> Iterator[str]:  # noqa: ARG001 - one shape for all steps
    check = bench.cells.get(CHECK + exercise)
    points, cases = check.points if check else 0, len(bench.cases[exercise])
    if not points or points % cases:
        yield f"its check cell gives {points:g} points, and {cases} cases of equal worth cannot share them."


def _solution(bench: Bench, exercise: str, seeds: Seeds) -> Iterator[str]:
    for seed in seeds:
        verdict = bench.verdict(exercise, bench.solutions[exercise], seed)
        if not verdict.agrees:
            yield f"the solution differs from itself, {_where(verdict)}: something in it is random."
            return


def _stub(bench: Bench, exercise: str, seeds: Seeds) -> Iterator[str]:
    def stub(*_: Any) -> None:
        raise NotImplementedError(exercise)

    for case in bench.cases[exercise]:
        if bench.case_agrees(case, stub, seeds[0]):
            yield f"the stub passes when {case.title}."


def _constants(bench: Bench, exercise: str, seeds: Seeds) -> Iterator[str]:
    answers: dict[str, Callable[..., Any]] = {
        "None": lambda *_: None,
        "0.0": lambda *_: 0.0,
        "1": lambda *_: 1,
        "True": lambda *_: True,
        "False": lambda *_: False,
        "[]": lambda *_: [],
        "zeros": lambda *_: torch.zeros(2),
        "zeros that require grad": lambda *_: torch.zeros(2, requires_grad=True),
    }
    for name, function in answers.items():
        for case in bench.cases[exercise]:
            if bench.case_agrees(case, function, seeds[0]):
                yield f"the answer that always returns {name} passes when {case.title}."


def _recordings(bench: Bench, exercise: str, seeds: Seeds) -> Iterator[str]:
    for one, other in pairwise(seeds):
        recorded, secret = (bench.reference(exercise, seed) for seed in (one, other))
        replayed = {case: [trial.record for trial in trials] for case, trials in recorded.trials.items()}
        for case in _passed(verdict_on(secret, replayed)):
            yield f"a recording of another seed passes when {case}: observe a number that is drawn."
            return
    reference = bench.reference(exercise, seeds[0])
    silent = {case: [Record(case)] * len(trials) for case, trials in reference.trials.items()}
    for case in _passed(verdict_on(reference, silent)):
        yield f"nothing is observed when {case}."


def _right(bench: Bench, exercise: str, seeds: Seeds) -> Iterator[str]:
    for answer in bench.right.get(exercise, []):
        verdicts = [bench.known_verdict(answer, seed) for seed in seeds]
        refused = [verdict for verdict in verdicts if not verdict.agrees]
        if refused:
            often = f"under {len(refused)} of {len(verdicts)} seeds"
            yield f"the right answer {answer.name} is refused {often}, {_where(refused[0])}."


def _wrong(bench: Bench, exercise: str, seeds: Seeds) -> Iterator[str]:
    for answer in bench.wrong.get(exercise, []):
        verdicts = [bench.known_verdict(answer, seed) for seed in seeds]
        passed = sum(verdict.agrees for verdict in verdicts)
        if passed:
            yield f"the wrong answer {answer.name} passes under {passed} of {len(verdicts)} seeds."
        elif any(verdict.like is None or verdict.like.name != answer.name for verdict in verdicts):
            yield f"the wrong answer {answer.name} is not recognised under every seed: what it does is random."


def _alike(bench: Bench, exercise: str, seeds: Seeds) -> Iterator[str]:
    for (one, differs), (other, also) in combinations(bench.reference(exercise, seeds[0]).behaviours, 2):
        if differs == also:
            yield f"the wrong answers {one.name} and {other.name} are observed alike: keep one, and name both in it."


def _passed(verdict: Verdict) -> list[str]:
    return [case.title for case in verdict.cases if case.agrees]


def _where(verdict: Verdict) -> str:
    case = next(case for case in verdict.cases if not case.agrees)
    first = case.differences[0]
    return f"when {case.title}: {first.name}: got {first.got}; expected {first.expected}"
