"""Each page of the built site in a browser: light, quick, still, nothing from elsewhere, nothing for axe to find."""

from contextlib import ExitStack

import pytest
from support.accessibility import CONTRAST, LOOKS, PHONE, WIDTHS, faults, schemes
from support.browsing import reader
from test_site import CHAPTERS, PAGES

pytestmark = pytest.mark.slow
# Of each kind of page one.
SAMPLE = ["book/index.html", "book/03-detach.html", "search.html", "exercises/03-detach/detach.html"]
FIRST_VISIT, LATER_PAGE = 200_000, 120_000
# Programs and outputs that go on out of sight, folded ones too.
TOO_WIDE = """() => {
  document.querySelectorAll('article details').forEach(one => (one.open = true));
  return [...document.querySelectorAll('article pre')].filter(pre => pre.scrollWidth > pre.clientWidth + 1)
    .map(pre => pre.innerText.slice(0, 80));
}"""
STILL = 0.05  # a long table finds its columns while it arrives


@pytest.fixture(scope="module")
def readers(chromium, site):
    """Return a reader for each look, who goes from page to page."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(reader(chromium, site, viewport=width, color_scheme=scheme)) for width, scheme in LOOKS
        ]


@pytest.mark.parametrize("number", range(len(PAGES)), ids=PAGES)
def test_a_page_is_whole_still_and_for_everyone(readers, number):
    """All pages, each on a phone, and in one of the four looks; the next test turns to the others."""
    someone = readers[number % len(LOOKS)]
    someone.foreign.clear()
    someone.complaints.clear()
    tab = someone.open(PAGES[number])
    assert someone.foreign == []
    assert someone.complaints == []
    assert tab.evaluate("moved") < STILL
    own = tab.viewport_size
    tab.set_viewport_size(PHONE)
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert tab.evaluate(TOO_WIDE) == []
    tab.set_viewport_size(own)
    assert tab.evaluate(TOO_WIDE) == []
    assert faults(tab) == []
    tab.close()


@pytest.mark.parametrize("page", SAMPLE)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_is_for_everyone_in_each_look(chromium, site, page, width):
    with reader(chromium, site, viewport=width) as someone:
        tab = someone.open(page)
        for _ in schemes(tab):
            assert someone.complaints == []
            assert faults(tab) == []
            someone.complaints.clear()  # axe looks for a style sheet where it is not


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_first_visit_and_a_later_page_weigh_little(chromium, site, page):
    with reader(chromium, site) as someone:
        assert someone.weigh(page) <= FIRST_VISIT
        other = CHAPTERS[CHAPTERS.index(page) - 1]
        assert someone.weigh(other) <= LATER_PAGE


@pytest.mark.parametrize("spoilt", ["style.color = '#ccc'", "parentElement.style.background = '#777'"])
def test_a_text_that_is_too_pale_is_found_among_a_thousand(chromium, site, spoilt):
    """What makes axe quick does not make it blind: neither to a text's own colour nor to what lies behind it."""
    with reader(chromium, site) as someone:
        tab = someone.open("book/03-detach.html")
        words = "[...document.querySelectorAll('.highlight .n')].filter(word => word.textContent.length > 2)"
        tab.evaluate(f"{words}[40].{spoilt}")  # of a single letter axe does not say it
        (found,) = faults(tab)
        assert found.startswith(CONTRAST)


A_LINK = '<p class="spoilt">A sentence in which <a href="#">this is a link</a> that one has to tell from it.</p>'
A_PICTURE = '<p><img src="/none.gif" class="only-dark"></p>'


@pytest.mark.parametrize(
    ("rule", "added", "style"),
    [
        (CONTRAST, A_LINK, ".spoilt {color: #444}"),
        ("link-in-text-block", A_LINK, ".spoilt a {color: #bbb !important; text-decoration: none !important}"),
        ("image-alt", A_PICTURE, ""),
    ],
)
def test_what_is_wrong_in_the_second_scheme_alone_is_found(chromium, site, rule, added, style):
    """Though of a page that differs in colours alone the other rules are asked once."""
    with reader(chromium, site) as someone:
        tab = someone.open("book/index.html")
        tab.evaluate(
            "added => document.querySelector('article section').insertAdjacentHTML('beforeend', added)",
            f"{added}<style>@media (prefers-color-scheme: dark) {{ {style} }}</style>",
        )
        light, dark = [faults(tab) for _ in schemes(tab)]
        assert light == []
        assert [fault.split()[0] for fault in dark] == [rule]
