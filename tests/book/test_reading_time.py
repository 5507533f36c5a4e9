"""The front page says how long a chapter takes to read, and the number is reckoned, not guessed."""

import re
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from support.browsing import HTML
from support.course import ROOT

sys.path.append(str(ROOT / "book" / "_ext"))
from reading_time import PLACE, minutes


def test_words_and_lines_count_and_addresses_and_empty_lines_do_not(tmp_path):
    words = new_markdown_cell("word " * 399 + "[word](a-page.ipynb#and-its-section)\n<p class='x'>")
    code = new_code_cell("x = 1\n\n" * 30)
    nbformat.write(new_notebook(cells=[words, code]), tmp_path / "page.ipynb")
    assert minutes(tmp_path / "page.ipynb") == pytest.approx(4)


@pytest.mark.slow
def test_the_front_page_says_the_shortest_and_the_longest():
    page = (HTML / "book/index.html").read_text()
    assert PLACE not in page
    least, most = map(int, re.search(r"(\d+) to (\d+) minutes of reading each", page).groups())
    told = [minutes(path) for path in (ROOT / "book").glob("[0-9][0-9]-*.ipynb")]
    assert least == int(min(told))
    assert most - 1 < max(told) <= most
