"""What a case draws: the same from the same seed, no two numbers alike, and of the kind that was asked for."""

import os
import random
import subprocess
import sys
from itertools import combinations, product

import pytest
import torch
from support.course import ROOT, exercises, together

from gradstop.grading.answer_key.trial_selection import covering_paths, covering_trials
from gradstop.observe import Draw, Observer, case, explore
from gradstop.observe.features import tensor_features
from gradstop.observe.forms import FORMS
from gradstop.record import Setup

SEEDS = int(os.environ.get("GRADSTOP_SEEDS", "8"))  # weekly: 50


def test_the_same_seed_draws_the_same():
    assert torch.equal(Draw(7).numbers((3, 4)), Draw(7).numbers((3, 4)))
    assert not torch.equal(Draw(7).numbers((3, 4)), Draw(8).numbers((3, 4)))


def test_a_known_seed_draws_known_numbers():
    """Python keeps the stream of random.Random; if it moved, every recording would be stale."""
    assert Draw(1).numbers((3,)).tolist() == pytest.approx([-0.575, 1.465, -0.429])
    assert Draw(1).integer(0, 10**9) == 144272509


@pytest.mark.parametrize("seed", range(20))
def test_numbers_are_distinct_and_away_from_zero(seed):
    values = Draw(seed).numbers((4, 4)).abs().flatten().tolist()
    assert len(set(values)) == 16
    assert min(values) >= 0.3


@pytest.mark.parametrize(
    ("kind", "flags"),
    [
        ("constant", (False, True)),
        ("leaf", (True, True)),
        ("interior", (True, False)),
        ("view", (True, False)),
    ],
)
def test_a_tensor_is_of_the_kind_asked_for(kind, flags):
    draw = Draw(3)
    x = draw.tensor("x", kind, (2, 3))
    assert (x.requires_grad, x.is_leaf) == flags
    assert x.shape == (2, 3)
    assert x._is_view() == (kind == "view")
    assert draw.given[0].startswith("x is ")
    if kind != "constant":
        x.sum().backward()
        assert draw.source(x).grad is not None


def test_whether_a_tensor_learns_is_known_whatever_an_answer_does_to_it():
    draw = Draw(3)
    constant, leaf = draw.tensor("k", "constant", (2,)), draw.tensor("x", "leaf", (2,))
    constant.requires_grad_()
    leaf.requires_grad_(False)
    assert (draw.learns(constant), draw.learns(leaf)) == (False, True)


def test_a_grad_from_earlier_may_hold_a_zero():
    draw = Draw(3)
    x, point = draw.tensor("x", "leaf", (2, 3)), draw.tensor("point", "leaf", ())
    draw.prefill(x)
    assert x.grad.all()
    draw.prefill(x, point, zero=True)
    assert (x.grad == 0).sum() == 1
    see = Observer(draw._log)
    see.gradients("nothing", lambda: None, x=x)
    (seen,) = draw._log.take(None).observations
    assert seen.value["leaves"]["x"] == {"before": x.grad.flatten().tolist(), "after": x.grad.flatten().tolist()}


@pytest.mark.parametrize("seed", range(6))
def test_an_interior_tensor_cannot_be_walked_twice(seed):
    """Its operation saves a tensor: a second backward does not succeed by luck."""
    x = Draw(seed).tensor("x", "interior", (2, 3))
    x.sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        x.sum().backward()


@pytest.mark.parametrize("kind", ["constant", "leaf", "interior", "view"])
@pytest.mark.parametrize("name", FORMS)
def test_each_form_is_what_its_name_says_for_each_kind(name, kind):
    option = list(FORMS).index(name)
    draw = Draw(Setup(5, (option,)))
    x = draw.tensor("x", kind, draw.form(*FORMS))
    features = tensor_features(x)
    wanted = {
        "matrix": {"2 dimensions"},
        "vector": {"1 dimension", "repeated values", "zeros"},
        "scalar": {"0 dimensions"},
        "cube": {"3 dimensions", "not contiguous", "a size of 1"},
        "empty": {"empty"},
        "column": {"2 dimensions", "a size of 1"},
        "transposed": {"2 dimensions", "not contiguous", "repeated values", "zeros"},
    }[name]
    assert wanted <= features
    assert x._is_view() == (kind == "view")
    assert x.is_leaf == (kind in ("constant", "leaf"))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["constant", "leaf", "interior", "view"])
def test_signs_and_square_shapes_are_no_matter_of_luck(kind, seed):
    """Whatever the seed, there is a negative value wherever there is one at all, and no matrix is square."""
    for option, name in enumerate(FORMS):
        draw = Draw(Setup(seed, (option,)))
        x = draw.tensor("x", kind, draw.form(*FORMS))
        assert (x < 0).any() or not x.numel(), name
        assert len({size for size in x.shape if size > 1}) == len([size for size in x.shape if size > 1]), name
    rows, columns = Draw(seed).shape(dimensions=2)
    assert rows != columns


def test_a_setup_names_the_options_and_the_seed_draws_the_rest():
    draw = Draw(Setup(1, (2, 0)))
    assert [draw.choice("a", "b", "c") for _ in range(2)] == ["c", "a"]
    assert draw.choice("a", "b", "c") in "abc"
    assert Draw(Setup(1, (2,))).numbers((2,)).tolist() == Draw(Setup(1, (0,))).numbers((2,)).tolist()


def test_a_choice_is_known_by_where_it_stands_and_not_by_how_many_came_before():
    """A form draws one choice more; the next choice is the same one all the same."""

    def last_site(kind):
        sites = []
        draw = Draw(1, choose=lambda site, _: sites.append(site) or 0)
        if kind == "any form":
            draw.form()
        draw.choice("a", "b")
        return sites[-1]

    assert last_site("any form") == last_site("none")


def drawn(body, seed=0):
    """Return what a case without a function draws in its trials, as its one observation says."""
    numbers = random.Random(seed)
    trials = covering_trials(case("f", "x is of each kind")(body), None, lambda: numbers.getrandbits(53))
    return [trial.record.observations[0].value["items"] for trial in trials]


def test_turns_take_every_pair_of_options():
    """Three kinds, three factors, two modes: each pair is met, by no more trials than the largest two choices need."""

    def each(f, draw, see):
        see.value("drawn", [draw.choice("a", "b", "c"), draw.choice(1, 2, 3), draw.choice(True, False)])
        yield

    met = [tuple(item["value"] for item in items) for items in drawn(each)]
    assert len(met) <= 10
    for one, other in combinations(range(3), 2):
        options = [{row[place] for row in met} for place in (one, other)]
        assert {(row[one], row[other]) for row in met} == set(product(*options))


def test_pairs_are_met_where_a_choice_depends_on_another():
    """An axis is drawn for a view alone, and its operation for an interior tensor alone."""

    def each(f, draw, see):
        kind = draw.choice("leaf", "interior", "view")
        axis = draw.choice("rows", "columns") if kind == "view" else "-"
        made_by = draw.choice("exp", "tanh", "square") if kind != "leaf" else "-"
        see.value("drawn", [kind, axis, made_by])
        yield

    met = {tuple(item["value"] for item in items) for items in drawn(each)}
    assert {row[1:] for row in met if row[0] == "view"} == set(product(("rows", "columns"), ("exp", "tanh", "square")))
    assert {row[2] for row in met if row[0] == "interior"} == {"exp", "tanh", "square"}
    assert ("leaf", "-", "-") in met


def test_the_plainest_structure_comes_first_and_a_case_without_choices_has_two_turns():
    def each(f, draw, see):
        see.value("drawn", [draw.choice("plain", "other"), draw.number()])
        yield

    def fixed(f, draw, see):
        see.value("drawn", [draw.number()])
        yield

    assert drawn(each)[0][0]["value"] == "plain"
    assert len({items[0]["value"] for items in drawn(fixed)}) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("bench", "exercise"), exercises(together))
def test_a_case_meets_the_same_structures_under_every_seed(bench, exercise):
    """Another seed takes no other way through a case: its numbers decide nothing of its structure."""
    solution, seeds = bench.solutions[exercise], random.Random(exercise)
    for one in bench.cases[exercise]:
        for path in covering_paths(one, solution):
            for _ in range(SEEDS):
                options = iter([option for _, option, _ in path.steps])
                pair = (seeds.getrandbits(53), seeds.getrandbits(53))
                other = explore(one, solution, lambda *_, o=options: next(o), pair)
                assert (other.steps, other.stopped) == (path.steps, None), one.name


@pytest.mark.slow
@pytest.mark.parametrize(("bench", "exercise"), exercises(together))
def test_no_choice_offers_one_structure_twice(bench, exercise, monkeypatch):
    choice = Draw.choice

    def checked(draw, *options):
        for one, other in combinations(options, 2):
            plain = isinstance(one, str | int | float | tuple | None) and type(one) is type(other)
            assert one is not other, options
            assert not (plain and one == other), options
        return choice(draw, *options)

    monkeypatch.setattr(Draw, "choice", checked)
    for one in bench.cases[exercise]:
        assert covering_paths(one, bench.solutions[exercise])


STRUCTURES = """
import json, sys
from pathlib import Path
from gradstop.course import assignments, load_solutions
from gradstop.grading.answer_key.trial_selection import structures
from gradstop.observe import read_cases

found = {}
for assignment in assignments(Path(sys.argv[1])):
    cases = read_cases(assignment.read_cases())
    for name, solution in load_solutions(assignment.notebook).items():
        found[name] = {case.name: structures(case, solution) for case in cases[name]}
print(json.dumps(found))
"""


@pytest.mark.slow
def test_structures_are_the_same_in_every_process():
    """Python hashes text otherwise in each: no order of a set may decide what is met."""
    found = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", STRUCTURES, str(ROOT)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert len(found[0]) > 10_000
    assert len(set(found)) == 1
