"""The exercises: every right answer is accepted, every wrong one is caught and named, nothing is earned by luck."""

import pytest
from support.agreeing import SEEDS, agreeing
from support.course import BENCHES, ROOT, exercises, together

from gradstop.authoring.vet import vet
from gradstop.compare import as_text
from gradstop.course import section_titles
from gradstop.observe import observe
from gradstop.record import Setup

VETTED = [None, 0]  # the seeds of the recording, and one other
every_exercise = pytest.mark.parametrize(("bench", "exercise"), exercises(together))


@pytest.mark.slow
@every_exercise
def test_an_exercise_is_sound(bench, exercise):
    assert vet(bench, exercise, VETTED) == []


@pytest.mark.slow
@every_exercise
def test_a_verdict_is_the_same_under_every_seed(bench, exercise):
    """Of a known answer: in which cases it agrees is no matter of luck. What was vetted above is not observed again."""
    for answer in bench.right[exercise] + bench.wrong[exercise]:
        verdicts = [bench.known_verdict(answer, seed) for seed in VETTED]
        found = [[case.title for case in verdict.cases if case.agrees] for verdict in verdicts]
        found += [agreeing(bench, exercise, seed, answer.function) for seed in range(1, SEEDS)]
        assert found == found[:1] * len(found), answer.name
        every_case = [case.title for case in bench.cases[exercise]]
        assert (found[0] == every_case) is (answer in bench.right[exercise]), answer.name


@every_exercise
def test_there_are_enough_cases_and_answers(bench, exercise):
    assert len(bench.cases[exercise]) >= 3
    assert len(bench.wrong[exercise]) >= 10
    assert len(bench.right[exercise]) >= 4
    names = [answer.name for answer in bench.right[exercise] + bench.wrong[exercise]]
    assert len(names) == len(set(names))  # a record of verdicts tells answers by their names


def wrong_answers():
    """Return (bench, answer) for each known wrong answer; all but the first one to an exercise are marked as slow."""
    return [
        pytest.param(
            bench,
            answer,
            id=f"{bench.assignment.name}/{answer.exercise}/{answer.name}",
            marks=[together(bench), *([pytest.mark.slow] if number else [])],
        )
        for bench in BENCHES
        for known in bench.wrong.values()
        for number, answer in enumerate(known)
    ]


@pytest.mark.parametrize(("bench", "answer"), wrong_answers())
def test_a_wrong_answer_is_told_what_it_did_and_why(bench, answer):
    verdict = bench.known_verdict(answer)
    text = " ".join(as_text(verdict).split())
    assert "got" in text
    assert "expected" in text
    assert f"This behaves like {answer.says}" in text


@every_exercise
def test_no_message_prints_the_solution(bench, exercise):
    source = bench.cells[exercise].source
    body = source.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
    lines = {line.strip() for line in body.splitlines() if len(line.strip()) > 12}
    said = " ".join(answer.says for answer in bench.wrong[exercise])
    assert not [line for line in lines if line in said]


@every_exercise
def test_the_second_phase_cannot_be_known_in_the_first(bench, exercise):
    """Under one first seed, three second seeds: what follows the commitment is not the same."""
    pairs = [(Setup(5), Setup(second)) for second in (6, 7, 8)]
    records = [[observe(c, bench.solutions[exercise], pair) for c in bench.cases[exercise]] for pair in pairs]
    assert any(len({str(record.observations) for record in three}) > 1 for three in zip(*records, strict=True))


@pytest.mark.parametrize("bench", [pytest.param(b, id=b.assignment.name, marks=together(b)) for b in BENCHES])
def test_every_section_that_is_named_exists_where_its_chapter_does(bench):
    sections = set(section_titles(ROOT))
    chapters = {place.split("#")[0] for place in sections}
    named = {case.read for cases in bench.cases.values() for case in cases}
    named |= {answer.read for known in bench.wrong.values() for answer in known}
    named |= {
        seen.read
        for reference in bench.recorded.values()
        for trials in reference.trials.values()
        for trial in trials
        for seen in trial.record.observations
    }
    assert {place for place in named if place.split("#")[0] in chapters} <= sections
