"""What a submission shows is harmless for who looks: here, that no picture tells another host that somebody does."""

import re

import pytest
from nbconvert.filters import markdown2html

from gradstop.grading.intake.outputs import clean_text
from gradstop.grading.intake.template import bare

PICTURES = [
    "![x](http://a/b)",
    "![](//a/b)",
    "[![x](http://a/b)](http://c)",
    "![a [b] c](http://a/b)",
    "![x][r]\n\n[r]: http://a/b",
    "![x\\](attachment: ](http://a/b)",
    "![x](attachment:../http://a/b)",
]


@pytest.mark.parametrize("source", PICTURES[:-1])
def test_a_picture_from_elsewhere_is_a_link(source):
    assert "<img" in markdown2html(source)
    assert "<img" not in markdown2html(clean_text(source))


def shown(source):
    """Return a text cell of a submission as it is kept; it has a picture x.png."""
    attachments = {"x.png": {"image/png": "AAAA"}}
    (cell,) = bare([{"cell_type": "markdown", "metadata": {}, "source": source, "attachments": attachments}])
    return cell["source"]


def test_a_picture_that_the_notebook_brings_along_is_shown():
    assert shown("![a plot](attachment:x.png)") == "![a plot](attachment:x.png)"


@pytest.mark.parametrize("source", PICTURES)
def test_no_other_picture_is(source):
    assert not re.search('<img src="(http:)?//', markdown2html(shown(source)))
