"""Each section that an answer names is one of the book's."""

import json

import pytest
from support.course import ROOT

from gradstop.watch.words import READ


@pytest.mark.parametrize("key", READ)
def test_the_section_is_in_the_book(key):
    page, heading = READ[key]
    cells = json.loads((ROOT / "book" / f"{page}.ipynb").read_text())["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "markdown" for line in "".join(cell["source"]).splitlines()]
    assert f"## {heading}" in lines
