"""Each section that an answer names is one of the book's, and a message is not cut within a word."""

import json

import pytest
import torch
from support.course import ROOT

from gradstop import watch
from gradstop.watch.words import READ


@pytest.mark.parametrize("key", READ)
def test_the_section_is_in_the_book(key):
    page, heading = READ[key]
    cells = json.loads((ROOT / "book" / f"{page}.ipynb").read_text())["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "markdown" for line in "".join(cell["source"]).splitlines()]
    assert f"## {heading}" in lines


def of_backward():
    loss = torch.ones(2, requires_grad=True).exp().sum()
    loss.backward()
    loss.backward()


def of_another_kind():
    raise ValueError("word " * 100)


@pytest.mark.parametrize("fails", [of_backward, of_another_kind])
def test_a_long_message_ends_with_a_word_and_says_that_it_goes_on(fails):
    with pytest.raises((RuntimeError, ValueError)) as raised, watch() as seen:
        fails()
    (told,) = (line.strip() for line in str(seen).splitlines() if line.endswith(" …"))
    assert str(raised.value).startswith(told.removesuffix("…"))
    assert 250 < len(told) <= 300
