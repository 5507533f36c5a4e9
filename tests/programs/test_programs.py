"""The program of "Cut it yourself": what its table says is what torch does, and its verdicts are those of numbers."""

import os
import random
import re

import pytest
import torch
from support.course import ROOT

import gradstop
from gradstop.authoring.refresh import PROGRAMS
from gradstop.course import section_titles
from gradstop.graph import read_graph
from gradstop.programs.challenges import CHALLENGES, SURPRISES
from gradstop.programs.choices import CHOICES, PLAIN, number, prefix_length, program, select, selections
from gradstop.programs.drawings import placed_parts, shifted
from gradstop.programs.reading import SECTIONS
from gradstop.programs.recorded import changed, record
from gradstop.programs.run import execute
from gradstop.programs.table import Drawings, outcomes, table
from gradstop.programs.verdict import CUT, NOTHING, RAISES, RIGHT, WRONG, judge

pytestmark = pytest.mark.xdist_group("programs")  # all are executed once
ALL = list(selections())
WEEKLY = "GRADSTOP_SEEDS" in os.environ and int(os.environ["GRADSTOP_SEEDS"]) >= 50
EXECUTED_ANEW = ALL if WEEKLY else random.Random(1).sample(ALL, 300)
NAMED = {
    RIGHT: [{}, {"cut": "z = y.clone()", "loss": "z.sum()"}],
    CUT: [{"cut": "z = y.detach()", "loss": "(y * z).sum()"}, {"cut": "z = y.data", "loss": "(y * z).sum()"}],
    NOTHING: [{"cut": "z = y.detach().requires_grad_()", "loss": "z.sum()"}],
    WRONG: [
        {"op": "w ** 2", "cut": "z = y.detach()", "edit": "z *= 2"},
        {"op": "w.exp()", "cut": "z = y.data", "edit": "z += 1"},
        {"op": "w ** 2", "before": "w.data -= 0.1; optimizer.zero_grad()"},
        {"before": "pass"},
        {"backward": "loss.backward(retain_graph=True); loss.backward()"},
    ],
    RAISES: [
        {"op": "w.exp()", "cut": "z = y.detach()", "edit": "z += 1"},
        {"cut": "z = y.detach()", "loss": "z.sum()"},
        {"cut": "z = y.requires_grad_(False)"},
        {"backward": "loss.backward(); loss.backward()"},
    ],
}


@pytest.fixture(scope="module")
def data():
    return table(ALL)


def judged(selection):
    lines = program(selection)
    return judge(lines, execute(lines))


@pytest.mark.parametrize(("verdict", "texts"), [(v, texts) for v, some in NAMED.items() for texts in some])
def test_a_verdict_is_that_of_the_numbers(verdict, texts):
    assert judged(select(**texts)).verdict == verdict


@pytest.mark.slow
def test_the_table_is_what_torch_does(data):
    """Read back as the page reads it, and compared with a plain execution that shares nothing with the table's."""
    counts = [len(choice.options) for choice in CHOICES]
    wrong = []
    for selection in EXECUTED_ANEW:
        row = number(selection, counts)
        states = data["states"][data["rows"]["state"][row]]
        told_grad = states[0][data["fields"].index("grad")]
        lines = [number(selection[: prefix_length(line)], counts) for line in range(len(data["lines"]))]
        told = [data["raised"][line][at] for line, at in enumerate(lines)]
        told = next((data["texts"][message] for message in told if message >= 0), None)
        grad, message = plainly("\n".join(program(selection)))
        if (told_grad, told) != (grad, message):
            wrong.append((program(selection), told_grad, told, grad, message))
    assert len(EXECUTED_ANEW) >= 300
    assert wrong == []


def plainly(text):
    """Execute a program as a whole and return ``w.grad`` and the message, as the page writes them."""
    space, message = {"torch": torch}, None
    try:
        exec(text, space)
    except RuntimeError as error:
        message = f"RuntimeError: {error}"
    grad = space["w"].grad
    return "None" if grad is None else "[" + ", ".join(f"{one:.4g}" for one in grad.tolist()) + "]", message


@pytest.mark.slow
def test_right_is_what_autograd_says_of_the_program_without_its_traps():
    """Where nothing is cut or edited, the measured derivative is autograd's."""
    for selection, (outcome, judgement) in outcomes().items():
        plain = all(selection[place] == 0 for place in (1, 2, 4, 5))
        assert not plain or (judgement.verdict == RIGHT and outcome.raised is None), program(selection)


@pytest.mark.slow
@pytest.mark.parametrize("challenge", CHALLENGES, ids=lambda challenge: challenge.text)
def test_each_challenge_can_be_solved_and_is_not_solved_from_the_start(challenge):
    solved = [one for one, (outcome, judgement) in outcomes().items() if challenge.is_solved(one, outcome, judgement)]
    assert solved
    assert challenge.start not in solved
    assert len(solved) < len(ALL) / 10


def test_ten_challenges_and_twelve_surprises():
    assert len({challenge.text for challenge in CHALLENGES}) == 10
    assert len(set(SURPRISES)) == 12


def test_each_option_leads_to_a_section_that_is_there():
    assert set(SECTIONS.values()) <= section_titles(ROOT).keys()
    assert SECTIONS.keys() <= {text for choice in CHOICES for text in choice.options}
    assert SECTIONS.keys() >= set(CHOICES[1].options)


@pytest.mark.parametrize("texts", [{}, *NAMED[WRONG], *NAMED[CUT]])
def test_a_drawing_is_put_together_again_as_it_was(texts):
    graph = execute(program(select(**texts))).after
    svg = gradstop.drawing.Drawing(graph).svg
    assert "".join(shifted(part, x, y) if x or y else part for part, x, y in placed_parts(svg)) == svg
    drawings = Drawings()
    assert drawings(graph) == drawings(graph) == 0
    assert drawings(None) == -1


def test_cards_are_shared_between_drawings():
    drawings = Drawings()
    counts = []
    for texts in ({}, {"cut": "z = y.detach()"}, {"cut": "z = y.data"}):
        drawings(execute(program(select(**texts))).after)
        counts.append(len(drawings.parts.items))
    assert counts[2] - counts[1] <= 2


def test_a_smaller_table_has_the_choices_that_are_left():
    small = table(list(selections(PLAIN))[:60])
    assert [len(choice["taken"]) for choice in small["choices"]][4:] == [1, 1]
    assert len(small["rows"]["reason"]) == 60


def test_explore_runs_live_and_takes_the_end_of_an_option():
    found = gradstop.explore(op="w.exp()", cut="detach()", edit="+= 1")
    assert found.judgement.verdict == RAISES
    assert "z = y.detach()\n" in re.sub(" *#.*", "", found.text)
    assert found.outcome.raised.message in repr(found)
    assert found._repr_mimebundle_()["text/html"].count("<figure") == 2
    assert gradstop.explore().judgement.verdict == RIGHT


def test_explore_names_the_choices_that_there_are():
    with pytest.raises(ValueError, match="no choice 'tool': take op, cut"):
        gradstop.explore(tool="detach()")
    with pytest.raises(ValueError, match="no option: take one of 'z = y', "):
        gradstop.explore(cut="z = 3")


def test_what_runs_leaves_torch_as_it_was():
    gradstop.explore(cut="inference_mode(): z = y * 1", loss="(y * z).sum()")
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    assert read_graph(torch.ones(1)).nodes == ()


@pytest.mark.slow
def test_every_verdict_is_as_it_was_recorded():
    """Another torch that changes one is told here by the program's lines; gradstop refresh records anew."""
    text = (ROOT / PROGRAMS).read_text()
    assert list(changed(text)) == []
    spoilt = text.replace("R", "N", 1)
    (line,) = changed(spoilt)
    assert line.endswith(": was nothing learns, is right")
    assert record() == text
    assert "the choices are other ones" in next(changed(text[:-20]))
