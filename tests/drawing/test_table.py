"""A table of observations, as text and as HTML."""

import re

import pytest

from gradstop import table

GROUPS = {"Numbers": {"t.item()": ["no", "a < b"]}, "": {"t": ["yes", "both"]}}


def test_the_text_has_a_line_for_each_row_and_heading():
    assert repr(table("Tools", ["tracked", "size"], GROUPS)).splitlines() == [
        "Tools",
        "         | tracked | size",
        "Numbers",
        "t.item() | no      | a < b",
        "t        | yes     | both",
    ]


def test_each_cell_of_the_html_has_its_headings_and_is_escaped():
    html = table("A & B", ["tracked", "size"], GROUPS)._repr_mimebundle_()["text/html"]
    body = re.sub("<style>.*?</style>", "", html)
    assert "<caption>A &amp; B</caption>" in body
    assert re.findall('<th scope="col">(.*?)</th>', body) == ["tracked", "size"]
    assert re.findall('<th scope="row"><code>(.*?)</code></th>', body) == ["t.item()", "t"]
    assert re.findall('<th scope="rowgroup" colspan="3">(.*?)</th>', body) == ["<span>Numbers</span>"]
    assert re.findall("<td(.*?)>(.*?)</td>", body)[1:] == [
        (' data-asked="tracked"', "no"),
        (' data-asked="size"', "a &lt; b"),
        (' data-asked="tracked"', "yes"),
        (' data-asked="size"', "both"),
    ]


def test_a_verdict_on_a_gradient_has_a_sign_and_a_colour_and_its_word_is_the_same_in_text():
    words = ["right", "raises", "wrong, no error", "yes"]
    shown = table("Tools", ["a"], {"": {f"t{i}": [word] for i, word in enumerate(words)}})
    html = re.sub("<style>.*?</style>", "", shown._repr_mimebundle_()["text/html"])
    marked = re.findall('data-verdict="(.*?)"><span><span aria-hidden="true">(.) </span>(.*?)<', html)
    assert marked == [("right", "✓", words[0]), ("raises", "!", words[1]), ("wrong", "✗", words[2])]
    assert "✓" not in repr(shown)


def test_every_colour_is_the_pages_own():
    html = table("Tools", ["a", "b"], GROUPS)._repr_mimebundle_()["text/html"]
    assert 'class="gs"' in html  # the book lays no light paper under it
    assert "table{" in html
    assert "<script" not in html


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="'t' has 1 cells for 2 columns"):
        table("Tools", ["tracked", "size"], {"": {"t": ["yes"]}})
