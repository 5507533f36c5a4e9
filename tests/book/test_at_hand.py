"""What a page has at hand: the glossary's definitions, a way to take it along, tables that fit, the answer first."""

import json
import re

import pytest
from support.accessibility import WIDTHS, faults, schemes
from support.browsing import HTML, reader
from test_site import CHAPTERS, PAGES, text

pytestmark = pytest.mark.slow
PAGE = "book/03-detach.html"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def definitions():
    data = (HTML / "_static/glossary-data.js").read_text()
    return json.loads(data.removeprefix("window.glossary=").rstrip(";\n"))


def test_every_entry_of_the_glossary_has_a_definition_without_its_links(definitions):
    assert set(definitions) == set(re.findall('<section id="(.*?)">', text("book/glossary.html"))) - {"glossary"}
    for definition in definitions.values():
        assert len(definition) > 20
        assert not re.search("[Ss]hown in|Used in", definition)


@pytest.mark.parametrize("page", CHAPTERS)
def test_the_first_use_of_a_word_in_a_sentence_leads_to_the_glossary(page, definitions):
    words = re.findall(r'<a class="term[^"]*" href="glossary.html#(.*?)">', text(page))
    assert len(words) >= 2
    assert len(words) == len(set(words))
    assert set(words) <= set(definitions)


def test_a_word_says_what_it_means_by_mouse_and_by_keyboard(chromium, site, definitions):
    with reader(chromium, site) as someone:
        tab = someone.open(PAGE)
        word = tab.locator("a.term").first
        said = definitions[word.get_attribute("href").split("#")[1]]
        box = tab.get_by_role("tooltip")
        word.hover()
        box.wait_for()
        assert box.inner_text() == said
        tab.mouse.move(5, 5)
        box.wait_for(state="detached")
        word.focus()
        box.wait_for()
        assert tab.evaluate(
            "document.getElementById(document.activeElement.getAttribute('aria-describedby')).textContent"
        )
        tab.keyboard.press("Escape")
        assert box.count() == 0
        assert someone.complaints == []


def test_what_opens_is_for_everyone_too(chromium, site):
    with reader(chromium, site) as someone:
        tab = someone.open(f"{PAGE}#take-it-with-you")
        assert tab.locator(".get-it[open]").count() == 1
        for option in tab.locator(".prediction summary").all():
            option.click()
        tab.locator("a.term").first.focus()
        tab.get_by_role("tooltip").wait_for()
        assert [faults(tab) for _ in schemes(tab)] == [[], []]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "page", ["book/01-computation-graph.html", PAGE, "book/08-memory.html", "book/choose.html", "book/not-noticed.html"]
)
def test_a_page_on_which_all_is_unfolded_is_for_everyone_too(chromium, site, page, width):
    with reader(chromium, site, viewport=width) as someone:
        tab = someone.open(page)
        tab.evaluate("document.querySelectorAll('article details').forEach(one => (one.open = true))")
        for key in tab.locator(".gs-steps [role=radiogroup] label:nth-of-type(2)").all():
            key.click()
        tab.evaluate("document.getElementById('pst-back-to-top').remove()")  # the theme's, fading as it is looked at
        for _ in schemes(tab):
            assert tab.evaluate("document.documentElement.scrollWidth") <= width["width"]
            assert faults(tab) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_search_that_has_found_something_is_for_everyone_too(chromium, site, width):
    """A message and words: the clinic's box, the count, the hits, over the page."""
    with reader(chromium, site, viewport=width) as someone:
        tab = someone.open(PAGE)
        tab.keyboard.press("Control+k")
        tab.locator("dialog input[name=q]").fill("element 0 of tensors does not require grad and does not have")
        tab.locator("dialog .clinic-hit a").wait_for()
        tab.locator("dialog .search-hits a").first.wait_for()
        for _ in schemes(tab):
            assert tab.locator("dialog .search-place").evaluate("e => e.scrollWidth <= e.clientWidth + 1")
            assert faults(tab) == []


def test_the_side_bar_of_a_phone_that_is_open_is_for_everyone_too(chromium, site):
    with reader(chromium, site, viewport=PHONE) as someone:
        tab = someone.open(PAGE)
        tab.locator(".primary-toggle:visible").first.click()
        tab.locator("dialog[open] .bd-links").wait_for()
        assert faults(tab) == []


@pytest.mark.parametrize("page", PAGES[1:])
def test_a_page_with_a_download_says_how_to_get_the_book(page):
    html = text(page)
    assert html.count('<details class="get-it">') == 1
    assert 'href="#take-it-with-you"' in html
    source = re.search(r'<ul id="take-it-with-you"><li><a href="([^"]*)" download>', html)
    assert (source is None) == page.startswith("exercises/")  # its archive is under the title
    assert source is None or (HTML / page).parent.joinpath(source[1]).is_file()
    assert 'class="book-pdf"' in html
    commands = re.search(r"gradstop (start|read) (\S+)", html[html.index("get-it") :])
    if page in CHAPTERS:
        assert commands.groups() == ("read", page[5:-5])


def test_the_table_of_all_tools_comes_before_its_code():
    html = text("book/choose.html")
    places = [
        html.index(f'<section id="{name}">') for name in ("the-table", "modules", "one-question-first", "the-tools")
    ]
    assert places == sorted(places)
    assert "last on the page" not in html


def test_what_ipython_says_of_a_setting_is_left_out():
    assert not any("Exception reporting mode" in text(page) for page in PAGES)


@pytest.mark.parametrize(
    "page",
    [f"book/{name}.html" for name in ("choose", "errors", "cheat-sheet", "not-noticed", "02-requires-grad")] + [PAGE],
)
def test_on_a_phone_tables_and_code_wrap_and_a_drawings_text_has_eleven_pixels(chromium, site, page):
    with reader(chromium, site, viewport=PHONE) as someone:
        tab = someone.open(page)
        wide = """() => [...document.querySelectorAll('article :is(table, pre, .gs-scroll)')]
            .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML.slice(0, 99))"""
        assert tab.evaluate(wide) == []
        codes = """[...document.querySelectorAll('article td code')].filter(e => e.checkVisibility())
            .map(e => parseFloat(getComputedStyle(e).fontSize))"""
        assert min(tab.evaluate(codes), default=11) >= 11
        sizes = """() => [...document.querySelectorAll('svg.gs')]
            .filter(e => e.checkVisibility() && e.viewBox.baseVal.width)
            .map(e => 12.5 * e.getBoundingClientRect().width / e.viewBox.baseVal.width)"""
        assert [size for size in tab.evaluate(sizes) if round(size, 1) < 11] == []


@pytest.mark.parametrize("width", [390, 820, 1200, 1440])
@pytest.mark.parametrize("page", ["book/08-memory.html", "book/10-checkpointing.html"])
def test_the_words_of_a_diagram_can_be_read_on_every_width_and_it_scrolls_by_keyboard(chromium, site, page, width):
    with reader(chromium, site, viewport={"width": width, "height": 844}) as someone:
        tab = someone.open(page)
        words = """() => [...document.querySelectorAll('figure.gs > [role=img] text')].filter(e => e.checkVisibility())
            .map(e => parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a)"""
        assert min(tab.evaluate(words)) > 11
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        wide = "[...document.querySelectorAll('figure.gs')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        assert tab.evaluate(f"{wide}.every(e => e.querySelector('summary'))")


@pytest.mark.parametrize("width", [768, 1200, 1440])
def test_where_there_is_room_no_name_in_a_table_is_broken_and_no_table_is_too_wide(chromium, site, width):
    with reader(chromium, site, viewport={"width": width, "height": 900}) as someone:
        for page in ("cheat-sheet", "errors", "choose", "07-in-place", "find-it"):
            tab = someone.open(f"book/{page}.html")
            broken = """[...document.querySelectorAll('article td code .pre')]
                .filter(word => /^[^-/]{1,40}$/.test(word.textContent) && word.getClientRects().length > 1)
                .map(word => word.textContent)"""
            assert tab.evaluate(broken) == []
            wide = """[...document.querySelectorAll('.pst-scrollable-table-container')]
                .filter(e => e.scrollWidth > e.clientWidth + 1).length"""
            assert tab.evaluate(wide) == 0


def test_two_drawings_that_are_compared_are_abreast_where_there_is_room(chromium, site):
    with reader(chromium, site, viewport={"width": 1440, "height": 900}) as someone:
        for page in ("book/01-computation-graph.html", "book/09-reinforcement.html", "book/10-checkpointing.html"):
            tab = someone.open(page)
            tops = """[...document.querySelectorAll('.gs-beside')].filter(e => e.checkVisibility())
                .map(e => [...e.children].map(one => Math.round(one.getBoundingClientRect().top)))"""
            pairs = tab.evaluate(tops)
            assert pairs, page
            assert [pair for pair in pairs if len(set(pair)) > 1] == [], page


def test_an_option_is_not_parted_and_a_long_name_at_the_foot_is_whole(chromium, site):
    with reader(chromium, site, viewport=PHONE) as someone:
        tab = someone.open("book/teach.html")
        parted = """[...document.querySelectorAll('article code.literal > .pre')]
            .filter(e => e.getClientRects().length > 1).map(e => e.textContent)"""
        assert tab.evaluate(parted) == []
        foot = someone.open("exercises/03-detach/detach.html")
        cut = """[...document.querySelectorAll('.prev-next-title')].filter(title => {
            const text = document.createRange();
            text.selectNodeContents(title);
            return text.getBoundingClientRect().right > title.closest('a').getBoundingClientRect().right + 1;
        }).length"""
        assert foot.evaluate(cut) == 0
