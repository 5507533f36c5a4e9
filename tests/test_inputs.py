"""What a case draws: the same from the same seed, no two numbers alike, and of the kind that was asked for."""

import pytest
import torch

from gradstop.observe import Draw


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
    picked = draw.choice("a", "b", "c")
    assert draw.choices == [(3, "abc".index(picked))]
