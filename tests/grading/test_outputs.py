"""What a submission shows is harmless for who looks: nothing runs, and no picture tells another host of it."""

import re

import pytest
from nbconvert.filters import markdown2html

from gradstop.grading.intake.outputs import clean_text, parse_outputs, read_outputs
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


def kept(data):
    """Return the forms of an output that are kept of those that a submission reports."""
    (output,) = parse_outputs([{"output_type": "display_data", "metadata": {}, "data": data}])
    return output["data"]


def test_a_table_keeps_its_form_and_loses_the_style_of_the_page():
    table = '<table><tbody><tr><th scope="row">0</th><td colspan="2">1</td></tr></tbody></table>'
    styled = f"<style scoped>.dataframe {{color: red}}</style>{table.replace('<table>', '<table onclick=f() class=x>')}"
    assert kept({"text/html": styled}) == {"text/html": table}


def test_a_link_stays_where_it_does_not_run():
    links = '<a href="https://a/b" title="t">x</a><a href="java\nscript:f()">y</a>'
    assert re.findall('href="(.*?)"', kept({"text/html": links})["text/html"]) == ["https://a/b"]


def test_html_that_leaves_nothing_shows_as_its_plain_text():
    data = {"text/html": "<svg><script>f()</script><text>x</text></svg>\n", "text/plain": "a picture"}
    assert kept(data) == {"text/plain": "a picture"}


def html_of(text):
    (output,) = parse_outputs([{"output_type": "display_data", "data": {"text/html": text, "text/plain": "as text"}}])
    return output["data"]


def test_html_that_is_nested_without_end_shows_as_its_plain_text():
    """To clean a megabyte of it takes minutes, in the process that waits for all submissions."""
    for tag in ("div", "b", "table><tr><td", "ul><li"):
        assert html_of(f"<{tag}>" * 100_000) == {"text/plain": "as text"}
    table = "<table>" + "<tr><td>1<td>2<br><p>x" * 2_000 + "</table>"
    assert html_of(table)["text/html"].count("<td>") == 4_000
    assert html_of("<div><b>x</b></div>" * 2_000)["text/html"].count("<b>") == 2_000


def test_of_very_many_outputs_the_error_stays_and_a_note_says_how_many_are_left_out():
    shown = [{"output_type": "stream", "text": f"{number}"} for number in range(300)]
    error = {"output_type": "error", "ename": "E", "evalue": "e", "traceback": ["a", "", *"b" * 100]}
    *kept, note, last = read_outputs([*shown, error], 5)
    assert [output["text"] for output in kept] == list("01234")
    assert note["text"] == "(296 outputs of this cell were left out here.)\n"
    assert (last["ename"], len(last["traceback"])) == ("E", 50)
    assert "\n".join(last["traceback"]) == "\n".join(error["traceback"])


def test_a_picture_is_shown_once_and_one_that_is_not_shown_is_not_kept():
    pictures = {name: {"image/png": "AAAA"} for name in ("x.png", "y.png")}
    text = "![x](attachment:x.png)" * 9
    (cell,) = bare([{"cell_type": "markdown", "metadata": {}, "source": text, "attachments": pictures}])
    assert list(cell["attachments"]) == ["x.png"]
    assert cell["source"].count("(attachment:x.png)") == 1
