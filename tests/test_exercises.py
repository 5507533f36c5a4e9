"""The exercises: every right answer is accepted, every wrong one is caught and named, nothing is earned by luck."""

from itertools import combinations

import pytest
import torch
from conftest import (
    ASSIGNMENTS,
    ROOT,
    answers,
    answers_of,
    cases_of,
    exercises,
    references_of,
    solutions_of,
    verdict_on,
)

from gradstop.compare import as_text, judge
from gradstop.course import CHECK, graded_cells, section_titles
from gradstop.observe import Record, observe

SEEDS = range(10)  # each draws some four turns of every case


@pytest.mark.parametrize(("assignment", "exercise"), exercises())
def test_the_solution_agrees_with_itself_under_every_seed(assignment, exercise):
    for seed in SEEDS:
        reference = references_of(assignment, seed)[exercise]
        assert verdict_on(assignment, reference, solutions_of(assignment)[exercise]).agrees


@pytest.mark.parametrize(("assignment", "answer"), answers("right"))
def test_a_right_answer_is_accepted(assignment, answer):
    for seed in SEEDS:
        verdict = verdict_on(assignment, references_of(assignment, seed)[answer.exercise], answer.function)
        assert verdict.agrees, as_text(verdict)


@pytest.mark.parametrize(("assignment", "answer"), answers("wrong"))
def test_a_wrong_answer_is_caught_and_named(assignment, answer):
    for seed in SEEDS:
        verdict = verdict_on(assignment, references_of(assignment, seed)[answer.exercise], answer.function)
        assert not verdict.agrees
        assert verdict.like is not None
        assert verdict.like.name == answer.name
        assert answer.says in as_text(verdict).replace("\n", " ")


@pytest.mark.parametrize(("assignment", "exercise"), exercises())
def test_no_two_wrong_answers_behave_alike(assignment, exercise):
    behaviours = references_of(assignment, 0)[exercise].behaviours
    for (one, differs), (other, also) in combinations(behaviours, 2):
        assert differs != also, f"{one.name} and {other.name} are observed alike: keep one, and name both in it"


@pytest.mark.parametrize(("assignment", "exercise"), exercises())
def test_there_are_enough_cases_and_answers(assignment, exercise):
    assert len(cases_of(assignment)[exercise]) >= 3
    assert len(answers_of(assignment, "wrong")[exercise]) >= 6
    assert len(answers_of(assignment, "right")[exercise]) >= 3


@pytest.mark.parametrize(("assignment", "exercise"), exercises())
def test_every_case_is_worth_the_same(assignment, exercise):
    points = {cell.grade_id: cell.points for cell in graded_cells(assignment.notebook)}[CHECK + exercise]
    assert points % len(cases_of(assignment)[exercise]) == 0


def constants(x, *others):
    """Yield functions that answer the same whatever they are given."""
    given = (x, *others)
    yield lambda *_: None
    yield lambda *_: 0.0
    yield lambda *_: torch.zeros(2)
    yield lambda *_: torch.zeros(2, requires_grad=True)
    yield from (lambda *inputs, i=i: inputs[i] for i in range(len(given)))


@pytest.mark.parametrize(("assignment", "exercise"), exercises())
def test_no_constant_answer_earns_a_case_and_none_the_exercise(assignment, exercise):
    reference = references_of(assignment, 0)[exercise]
    for number, function in enumerate(constants(*reference.parameters)):
        verdict = verdict_on(assignment, reference, function)
        assert not verdict.agrees
        assert number > 3 or verdict.passed == 0


@pytest.mark.parametrize(("assignment", "exercise"), exercises())
def test_the_stub_earns_nothing_and_is_told_so(assignment, exercise):
    def stub(*_):
        raise NotImplementedError(exercise)

    verdict = verdict_on(assignment, references_of(assignment, 0)[exercise], stub)
    assert verdict.passed == 0
    assert "not written yet" in as_text(verdict)


@pytest.mark.parametrize(("assignment", "exercise"), exercises())
def test_a_recording_earns_nothing_under_another_seed(assignment, exercise):
    for seed in SEEDS:
        recorded, secret = (references_of(assignment, s)[exercise] for s in (seed, seed + 1))
        replayed = {case: [turn.record for turn in turns] for case, turns in recorded.turns.items()}
        assert judge(secret, replayed).passed == 0


@pytest.mark.parametrize(("assignment", "exercise"), exercises())
def test_nothing_observed_earns_nothing(assignment, exercise):
    reference = references_of(assignment, 0)[exercise]
    assert judge(reference, {}).passed == 0
    empty = {case: [Record(case)] * len(turns) for case, turns in reference.turns.items()}
    assert judge(reference, empty).passed == 0


@pytest.mark.parametrize(("assignment", "exercise"), exercises())
def test_the_second_phase_cannot_be_known_in_the_first(assignment, exercise):
    """Under one first seed, two second seeds: what is committed is the same, what follows is not."""
    solution = solutions_of(assignment)[exercise]
    records = [
        [observe(case, solution, (5, second)) for case in cases_of(assignment)[exercise]] for second in (6, 7, 8)
    ]
    assert any(len({str(r.observations) for r in three}) > 1 for three in zip(*records, strict=True))


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda a: a.name)
def test_every_section_that_is_named_exists(assignment):
    sections = section_titles(ROOT)
    named = [case.read for cases in cases_of(assignment).values() for case in cases]
    named += [answer.read for known in answers_of(assignment, "wrong").values() for answer in known]
    named += [
        seen.read
        for reference in references_of(assignment, 0).values()
        for turns in reference.turns.values()
        for turn in turns
        for seen in turn.record.observations
    ]
    assert set(named) - {""} <= set(sections)
