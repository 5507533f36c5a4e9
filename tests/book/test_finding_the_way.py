"""From page to page: chapters have their numbers, arrow keys turn, each page says on which torch it was executed."""

import re

import pytest
import torch
from support.browsing import HTML, reader
from support.course import ROOT

pytestmark = pytest.mark.slow
PAGES = sorted(HTML.glob("book/*.html")) + sorted(HTML.glob("exercises/*/*.html"))
NUMBERED = re.findall(r"^      - file: (book/(\d\d)-\S+)$", (ROOT / "_toc.yml").read_text(), re.MULTILINE)


def test_a_chapter_has_its_number_in_the_side_bar_and_the_title():
    assert [int(number) for _, number in NUMBERED] == list(range(1, 11))
    for path, number in NUMBERED:
        page = (HTML / f"{path}.html").read_text()
        assert f'<h1><span class="section-number">{int(number)}. ' in page
        assert re.search(rf'<li class="toctree-l1[^"]*current[^"]*"[^>]*>\s*<a[^>]*>{int(number)}\. ', page)


def test_each_page_says_on_which_torch_and_when_it_was_executed():
    version = re.escape(torch.__version__.partition("+")[0])
    assert len(PAGES) > 30
    for path in PAGES:
        assert re.search(rf"Executed on torch {version}, \d\d \w+ \d{{4}}\.", path.read_text()), path.name


def test_arrow_keys_turn_the_page_and_leave_a_field_alone(chromium, site):
    with reader(chromium, site) as someone:
        tab = someone.open("book/03-detach.html")
        tab.keyboard.press("ArrowRight")
        tab.wait_for_url("**/04-detach-in-place.html")
        tab.keyboard.press("ArrowLeft")
        tab.wait_for_url("**/03-detach.html")
        tab.keyboard.press("Control+k")
        tab.locator("dialog input").wait_for()
        tab.keyboard.press("ArrowRight")
        tab.wait_for_timeout(300)
        assert tab.url.endswith("03-detach.html")
