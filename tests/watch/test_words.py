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


def test_an_error_that_is_not_explained_leads_to_its_entry():
    with pytest.raises(RuntimeError, match="floating point"), watch() as seen:
        torch.tensor([1]).requires_grad_()
    (answer,) = seen.error
    assert "errors-leaving" in str(answer)
    assert "test_words.py" in str(answer)
    with pytest.raises(ValueError, match="mine"), watch() as seen:
        raise ValueError("mine")
    assert seen.error == []


def test_the_clinic_s_entries_are_all_known():
    pages = {page for page, _ in READ.values() if page.startswith("errors-")}
    headings = {
        (page, line.removeprefix("## "))
        for page in pages
        for cell in json.loads((ROOT / "book" / f"{page}.ipynb").read_text())["cells"]
        if cell["cell_type"] == "markdown"
        for line in "".join(cell["source"]).splitlines()
        if line.startswith("## ")
    }
    assert headings == {where for where in READ.values() if where[0] in pages}
