"""The site for readers without a script, with a keyboard alone, who want nothing to move, and on paper."""

import re
import unicodedata

import pytest
from support.browsing import reader
from test_site import PAGES

from gradstop.authoring.cheat_sheet import text_of

pytestmark = pytest.mark.slow
PAGE = "book/03-detach.html"
STEPS = "book/01-computation-graph.html"  # has steppers
WORDS = "element => element.innerText.replace(/\\s+/g, ' ')"


@pytest.fixture
def tab(chromium, site):
    """Return a function that opens a page for a reader of some kind."""
    readers = []

    def opened(page, **options):
        entered = reader(chromium, site, **options)
        readers.append(entered)
        return entered.__enter__().open(page)

    yield opened
    for entered in readers:
        entered.__exit__(None, None, None)


@pytest.mark.parametrize("page", [PAGE, STEPS, "book/errors.html", "exercises/03-detach/detach.html"])
def test_without_a_script_the_same_words_are_there(tab, page):
    words = [tab(page, java_script_enabled=on).locator("article").evaluate(WORDS) for on in (True, False)]
    assert words[0] == words[1]
    assert len(words[0]) > 1000


def test_without_a_script_a_phone_still_leads_on(tab):
    page = tab(PAGE, java_script_enabled=False, viewport={"width": 390, "height": 844}, color_scheme="dark")
    links = page.locator("#pst-primary-sidebar a")
    assert links.count() >= len(PAGES) - 2
    assert links.last.bounding_box()["width"] > 0
    assert page.locator(".btn-fullscreen-button").is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # The page is light then, and the drawings with it.
    assert page.locator("figure.gs").first.evaluate("e => getComputedStyle(e).color") == "rgb(34, 40, 50)"
    fills = page.locator("figure.gs svg text").evaluate_all("texts => texts.map(e => getComputedStyle(e).fill)")
    assert "rgb(28, 36, 48)" in fills


def focus_by_keyboard(page, wanted, most=400):
    """Press Tab until an element of this selector has the focus; fail if none gets it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return page.evaluate_handle("document.activeElement").as_element()
    raise AssertionError(f"the keyboard does not reach {wanted}")


@pytest.mark.parametrize("wanted", [".prediction summary", "details.below-input > summary", "figure.gs summary"])
def test_what_folds_opens_by_keyboard_and_shows_where_one_is(tab, wanted):
    summary = focus_by_keyboard(tab(PAGE), wanted)
    before = summary.evaluate("e => e.parentElement.open")
    summary.press("Enter")
    assert summary.evaluate("e => e.parentElement.open") is not before
    assert summary.evaluate("e => getComputedStyle(e).outlineStyle") != "none"


def test_a_typed_number_is_compared_without_a_script(tab):
    page = tab(STEPS, java_script_enabled=False)
    field = page.locator(".prediction input").first
    said = "field => getComputedStyle(field.parentElement, '::after').content"
    assert field.evaluate(said) == "none"
    field.fill("14")
    field.press("Tab")
    assert "not yet" in field.evaluate(said)
    field.fill("8.0")
    assert "right" in field.evaluate(said)


def test_the_steps_are_gone_through_by_arrow_keys(tab):
    page = tab(STEPS)
    focus_by_keyboard(page, ".gs-steps input")
    seen = page.locator("figure.gs-steps").first.locator("section:visible p")
    first = seen.inner_text()
    assert first.startswith("0 of")
    page.keyboard.press("ArrowRight")
    assert seen.inner_text().startswith("1 of")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("1 of")


def test_a_wide_table_scrolls_by_keyboard_on_a_phone(tab):
    page = tab("book/errors.html", viewport={"width": 390, "height": 844})
    for table in page.locator(".pst-scrollable-table-container, article pre").all():
        if table.evaluate("e => e.scrollWidth > e.clientWidth && e.checkVisibility()"):
            assert table.evaluate("e => e.tabIndex === 0 || !!e.querySelector('a, input')")


def test_where_nothing_hovers_no_text_is_under_the_button_that_copies(tab):
    under = """() => [...document.querySelectorAll("button.copybtn")].filter(button => {
        const lines = document.createRange();
        lines.selectNodeContents(button.parentElement.querySelector("pre"));
        const box = button.getBoundingClientRect();
        return [...lines.getClientRects()].some(line => line.width && line.right > box.left && line.top < box.bottom);
    }).length"""
    page = tab(PAGE, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert page.locator("button.copybtn").count() > 20
    assert page.evaluate("matchMedia('(hover: none)').matches")
    assert page.evaluate(under) == 0


def test_nothing_moves_for_those_who_asked_for_that(tab):
    moving = """() => [...document.querySelectorAll('*')].filter(e => {
        const c = getComputedStyle(e);
        return c.animationName !== 'none' || parseFloat(c.transitionDuration) > 0 || c.scrollBehavior === 'smooth';
    }).map(e => e.tagName + '.' + e.className)"""
    assert tab(PAGE, reduced_motion="reduce").evaluate(moving) == []


@pytest.mark.parametrize("page", [PAGE, STEPS])
def test_on_paper_all_is_open_and_there_is_nothing_to_click(tab, page):
    shown = tab(page)
    folded = shown.evaluate("""() => [...document.querySelectorAll("article .prediction details > :not(summary)")]
        .map(e => e.textContent.replace(/\\s+/g, ""))""")
    steps = shown.evaluate("""() => [...document.querySelectorAll(".gs-steps section > p")]
        .map(e => e.textContent.replace(/\\s+/g, ""))""")
    printed = unicodedata.normalize("NFKC", re.sub(r"\s+", "", text_of(shown.pdf(format="A4"))))
    assert len(folded) >= 8
    assert [text for text in folded + steps if text[:40] not in printed] == []
    shown.emulate_media(media="print")
    for gone in (
        "#pst-primary-sidebar",
        ".bd-header-article",
        ".prev-next-footer",
        ".bd-sidebar-secondary",
        ".copybtn",
        "figure.gs > section > details",
    ):
        assert shown.locator(f"{gone}:visible").count() == 0, gone
