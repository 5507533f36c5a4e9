"""What a case draws: the same from the same seed, no two numbers alike, and of the kind that was asked for."""

import random

import pytest
import torch

from gradstop.grading.key.turns import covering_turns
from gradstop.observe import Draw, case


def test_the_same_seed_draws_the_same():
    assert torch.equal(Draw(7).numbers((3, 4)), Draw(7).numbers((3, 4)))
    assert not torch.equal(Draw(7).numbers((3, 4)), Draw(8).numbers((3, 4)))


def test_a_known_seed_draws_known_numbers():
    """Python keeps the stream of random.Random; if it moved, every recording would be stale."""
    assert Draw(1).numbers((3,)).tolist() == pytest.approx([-0.575, -1.465, -0.429])
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


@pytest.mark.parametrize("seed", range(6))
def test_an_interior_tensor_cannot_be_walked_twice(seed):
    """Its operation saves a tensor: a second backward does not succeed by luck."""
    x = Draw(seed).tensor("x", "interior")
    x.sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        x.sum().backward()


def test_choices_are_kept_so_that_seeds_can_cover_them():
    draw = Draw(1)
    picked = [draw.choice("a", "b", "c") for _ in range(2)]
    ((site, first, one), (again, second, two)) = draw.choices
    assert site == again
    assert (first, second) == (1, 2)
    assert picked == ["abc"[one], "abc"[two]]


def test_a_choice_is_known_by_where_it_stands_and_not_by_how_many_came_before():
    """An interior tensor draws one choice more than a leaf; the next choice is the same one all the same."""

    def draw_after(kind):
        draw = Draw(1)
        draw.tensor("x", kind)
        draw.choice("a", "b")
        return draw.choices[-1][:2]

    assert draw_after("leaf") == draw_after("interior")


def test_turns_take_every_pair_of_options():
    """Leaf or interior, three factors: all six combinations are met."""
    met = set()

    @case("f", "x is of each kind")
    def each(f, draw, see):
        met.clear()
        kind, factor = draw.choice("leaf", "interior"), draw.choice(1, 2, 3)
        see.value("drawn", [kind, factor])
        yield

    for start in range(20):
        seeds = random.Random(start)
        turns = covering_turns(each, None, lambda s=seeds: s.getrandbits(53))
        drawn = {str(turn.record.observations[0].value) for turn in turns}
        assert len(drawn) == 6
