"""The values that went forward, shown before the backward."""

import re

import pytest
import torch

from gradstop import step_through


def cut():
    w, x = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0)
    h = w * x
    t = h.detach()
    loss = (h - t * 0.5) ** 2
    return loss, {"w": w, "x": x, "h": h, "t": t, "loss": loss}


def test_each_operation_says_what_it_took_gave_and_saved():
    loss, named = cut()
    assert repr(step_through(loss, forward=True, **named)).splitlines()[:6] == [
        "0. Before the forward: the leaves and constants are there.",
        "1. *, which makes h, takes 2 from w and 3 from x, and gives 6. It has saved x.",
        "2. - (node 2) takes 6 from h and 1 constant without a name.",
        "3. **, which makes loss, takes - (node 2), and gives 9.",
        "4. Before the backward, which starts at loss.",
        "5. **, which made loss, receives 1. It sends 6 to - (node 2). It frees what it saved.",
    ]


def test_a_value_is_seen_once_it_was_computed_and_stays_on_its_edge():
    loss, named = cut()
    pictures = [step.svg for step in step_through(loss, forward=True, **named).shown]
    badges = [re.findall(r'class="badge"[^>]*>([^<]+)<', picture) for picture in pictures]
    assert badges[1].count("2") == 1
    assert badges[3].count("2") == badges[3].count("6") == 1
    assert [">9</text>" in picture for picture in pictures[:4]] == [False, False, False, True]
    cards = [re.search(r'data-card="t".*?</g>', picture)[0] for picture in pictures]
    assert [">6<" in card for card in cards[:4]] == [False, True, True, True]  # t is cut from h
    assert len({re.search(r'viewBox="[^"]+"', picture)[0] for picture in pictures}) == 1


def test_without_it_the_steps_are_those_of_the_backward():
    loss, named = cut()
    assert repr(step_through(loss, **named)).startswith("0. Before the backward")


def test_a_value_that_was_edited_since_is_not_given():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    h = x * 1
    loss = (h * h).sum()
    with torch.no_grad():
        h.add_(5)
    steps = repr(step_through(loss, forward=True, x=x, h=h)).splitlines()
    assert steps[1] == "1. *, which makes h, takes [1, 2] from x and 1 constant without a name."
    assert steps[2].startswith("2. * (node 2) takes h (\N{MULTIPLICATION SIGN}2)")


def test_a_tensor_named_forward_is_asked_to_have_another_name():
    with pytest.raises(TypeError, match="forward is True or False"):
        step_through(torch.ones(1, requires_grad=True) * 2, forward=torch.ones(1))
