"""The page "Cut it yourself", and its small copy: what they show is what torch does, for every kind of reader."""

import gzip
import random
import re

import pytest
from support.accessibility import WIDTHS, faults, schemes
from support.browsing import HTML, reader

from gradstop.drawing import Drawing
from gradstop.programs.challenges import CHALLENGES, SURPRISES
from gradstop.programs.choices import CHOICES, PLAIN, program, select, selections
from gradstop.programs.run import execute
from gradstop.programs.table import outcomes
from gradstop.programs.verdict import RAISES, RIGHT, VERDICTS, WRONG, judge

pytestmark = pytest.mark.slow
PAGE, FRONT = "book/cut.html", "book/index.html"
WHOLE_PAGE, DATA = 350_000, 150_000  # bytes over the wire
SILENT = select(op="w.exp()", cut="z = y.data", edit="z += 1")
REFUSED = select(op="w.exp()", cut="z = y.detach()", edit="z += 1")
SHOW = """selection => {
    const found = outcome(cutData, selection), page = document.createElement('div');
    page.innerHTML = drawn(cutData, found.after, 'At the end');
    const svg = page.querySelector('svg');
    return {
        verdict: found.verdict, reason: found.reason, message: found.message ?? null, text: svg.textContent,
        alt: svg.getAttribute('aria-label'), lines: found.lines.map(line => line.text),
        notes: found.lines.map(line => line.note ?? null),
    };
}"""


@pytest.fixture
def tab(chromium, site):
    """Return a function that opens a page and waits until it can be used."""
    readers = []

    def opened(page=PAGE, **options):
        entered = reader(chromium, site, **options)
        readers.append((entered, someone := entered.__enter__()))
        tab = someone.open(page)
        tab.wait_for_selector("[data-ready]")
        return tab

    yield opened
    for entered, someone in readers:
        complaints, foreign = someone.complaints, someone.foreign
        entered.__exit__(None, None, None)
        assert complaints == foreign == []


def choose(tab, selection):
    for choice, option in zip(CHOICES, selection, strict=True):
        tab.select_option(f"select[name={choice.name}]", str(option))


SELECT = f"""selection => {{
    const names = {[choice.name for choice in CHOICES]};
    const choices = names.map(name => document.querySelector(`select[name=${{name}}]`));
    choices.forEach((choice, i) => choice && (choice.value = selection[i]));
    choices.find(Boolean).dispatchEvent(new Event("change", {{ bubbles: true }}));
}}"""


def words(svg):
    return re.sub(r"<style>.*?</style>|<[^>]*>", "", svg, flags=re.DOTALL)


@pytest.mark.parametrize(("page", "fixed"), [(PAGE, {}), (FRONT, PLAIN)])
def test_what_a_page_shows_is_what_torch_does(tab, page, fixed):
    """Verdict, message, notes, drawing and the drawing's words, for programs that are executed here."""
    tab = tab(page)
    for selection in random.Random(2).sample(list(selections(fixed)), 60):
        lines = program(selection)
        done = execute(lines)
        judgement = judge(lines, done)
        shown = tab.evaluate(SHOW, list(selection))
        reached = len(done.notes)
        assert shown["lines"] == lines
        assert shown["notes"] == [*done.notes, *[None] * (len(lines) - reached)]
        assert (shown["verdict"], shown["reason"]) == (judgement.verdict, judgement.reason)
        assert shown["message"] == (done.raised.message if done.raised else None)
        drawing = Drawing(done.after)
        assert shown["text"] == words(drawing.svg).replace("&gt;", ">")
        assert shown["alt"] == f"At the end. {drawing.alt}"


def test_the_outcome_is_covered_until_the_reader_has_said_what_it_is(tab):
    tab = tab()
    choose(tab, SILENT)
    assert tab.locator(".cut-outcome svg").count() == 0
    assert tab.locator(".cut-verdict").inner_text() == ""
    assert "".join(tab.locator(".cut-note").all_inner_texts()) == ""
    tab.get_by_role("button", name=WRONG).focus()
    tab.keyboard.press("Enter")
    assert tab.locator(".cut-verdict").inner_text().startswith(f"You said {WRONG}: so it is.")
    assert tab.locator(".cut-outcome svg:visible").count() == 2
    assert "Right: 1 of 1" in tab.locator(".cut-score").inner_text()
    tab.reload()
    tab.wait_for_selector("[data-ready]")
    assert "Right: 1 of 1" in tab.locator(".cut-score").inner_text()
    tab.get_by_role("button", name="clear the score").click()
    assert "Right: 0 of 0" in tab.locator(".cut-score").inner_text()


def test_the_address_holds_the_choices(tab):
    first = tab()
    choose(first, SURPRISES[-1])
    address = first.url
    second = tab(f"{PAGE}#{address.partition('#')[2]}")
    values = second.locator(".cut-program select").evaluate_all("all => all.map(one => Number(one.value))")
    assert tuple(values) == SURPRISES[-1]
    links = second.locator(".cut-surprises a").evaluate_all("all => all.map(one => one.hash)")
    assert len(links) == len(SURPRISES)
    assert links[-1] == "#" + address.partition("#")[2]
    second.locator(".cut-surprises a").first.click()
    values = second.locator(".cut-program select").evaluate_all("all => all.map(one => Number(one.value))")
    assert tuple(values) == SURPRISES[0]


def test_a_program_of_the_table_comes_into_sight_and_a_key_goes_on_from_it(tab):
    """Also when it is chosen already."""
    tab = tab()
    for _ in range(2):
        tab.locator(".cut-surprises a").last.click()
        tab.wait_for_function("scrollY < document.querySelector('.cut-program').offsetTop")
        assert tab.evaluate("document.activeElement.closest('.cut-predict') !== null")
        tab.evaluate("scrollTo(0, document.body.scrollHeight)")


def test_the_address_holds_the_challenge_too(tab):
    first = tab()
    first.locator(".cut-challenge select").select_option("4")
    second = tab(f"{PAGE}#{first.url.partition('#')[2]}")
    assert second.locator(".cut-challenge p").inner_text() == CHALLENGES[4].text
    assert second.locator(".cut-challenge select").input_value() == "4"
    first.locator(".cut-challenge select").select_option("")
    assert "challenge" not in first.url


def test_until_the_data_is_there_it_says_so(chromium, site):
    with reader(chromium, site) as someone:
        tab = someone.context.new_page()
        tab.route("**/cut-whole.js", lambda route: None)
        tab.goto(f"{site.address}/{PAGE}", wait_until="domcontentloaded")
        told = "getComputedStyle(document.querySelector('.cut-verdict'), '::before').content"
        assert tab.evaluate(told).startswith('"Loading')
        assert tab.locator(".cut-predict").is_hidden()
        tab.unroute("**/cut-whole.js")
        tab.route("**/cut-whole.js", lambda route: route.abort())
        tab.goto(f"{site.address}/{PAGE}?again")
        tab.locator(".cut-verdict", has_text="could not be loaded").wait_for()


def test_a_message_leads_to_the_clinic_and_a_tool_to_its_section(tab):
    tab = tab()
    choose(tab, REFUSED)
    tab.get_by_role("button", name="show me").click()
    assert tab.locator(".cut-verdict .cut-said").inner_text().endswith(RAISES)
    links = tab.locator(".cut-verdict a, .cut-outcome p a").evaluate_all("all => all.map(one => one.href)")
    assert links[0].endswith("errors-in-place.html#modified-by-an-inplace-operation")
    assert any(link.endswith("03-detach.html#same-memory-new-tensor") for link in links)
    for link in links:
        page, _, section = link.partition("#")
        assert f'id="{section}"' in (HTML / "book" / page.rpartition("/")[2]).read_text(), link


def test_a_pinned_program_is_compared_and_what_differs_is_marked(tab):
    tab = tab()
    choose(tab, select(op="w.exp()", edit="z = z * 2"))
    tab.get_by_role("button", name="pin this program").click()
    tab.get_by_role("button", name="show me").click()
    assert "This program is pinned." in tab.locator(".cut-outcome").inner_text()
    choose(tab, select(op="w.exp()", edit="z *= 2"))
    tab.get_by_role("button", name="show me").click()
    compared = tab.locator(".cut-compared")
    assert compared.locator("code mark").all_inner_texts() == ["z = z * 2", "z *= 2"]
    assert RAISES in compared.locator("tr").last.inner_text() or RIGHT in compared.locator("tr").last.inner_text()
    tab.get_by_role("button", name="unpin").click()
    assert compared.count() == 0


@pytest.mark.xdist_group("programs")
def test_a_challenge_is_solved_said_and_kept(tab):
    tab = tab()
    for place, challenge in enumerate(CHALLENGES):
        tab.locator(".cut-challenge select").select_option(str(place))
        solution = next(one for one, (done, judged) in outcomes().items() if challenge.is_solved(one, done, judged))
        assert challenge.text in tab.locator(".cut-challenge p").inner_text()
        choose(tab, challenge.start)
        tab.get_by_role("button", name="show me").click()
        assert "Not yet" in tab.locator(".cut-challenge p").inner_text()
        choose(tab, solution)
        tab.get_by_role("button", name="show me").click()
        assert "Solved" in tab.locator(".cut-challenge p").inner_text(), challenge.text
    assert "Solved: 10 of 10" in tab.locator(".cut-score").inner_text()


def test_the_page_and_its_data_are_light(chromium, site):
    assert len(gzip.compress((HTML / "_static/cut-whole.js").read_bytes(), 6)) <= DATA
    with reader(chromium, site) as someone:
        assert someone.weigh(PAGE) <= WHOLE_PAGE
        assert len(gzip.compress((HTML / "_static/cut-small.js").read_bytes(), 6)) <= DATA / 2


def test_it_works_where_the_site_is_opened_from_a_folder(chromium):
    context = chromium.new_context()
    tab = context.new_page()
    complaints = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto((HTML / PAGE).as_uri())
    tab.wait_for_selector("[data-ready]")
    choose(tab, SILENT)
    tab.get_by_role("button", name="show me").click()
    assert WRONG in tab.locator(".cut-verdict .cut-said").inner_text()
    assert complaints == []
    context.close()


def test_on_paper_there_is_nothing_to_choose(tab):
    tab = tab()
    tab.emulate_media(media="print")
    assert tab.locator(".cut-program").is_visible()
    assert tab.locator(".cut-challenge:visible, .cut-predict:visible").count() == 0


def test_without_a_script_there_is_a_table_of_twelve(chromium, site):
    with reader(chromium, site, java_script_enabled=False) as someone:
        tab = someone.open(PAGE)
        assert tab.locator(".cut-surprises tbody tr:visible").count() == 12
        assert tab.locator(".cut-it select:visible").count() == 0
        assert tab.locator(".cut-surprises").inner_text().count(WRONG) >= 5
        front = someone.open(FRONT)
        assert front.locator(".cut-it svg:visible").count() == 1
        assert WRONG in front.locator(".cut-verdict .cut-said").inner_text()


def test_the_small_copy_answers_at_once(tab):
    tab = tab(FRONT)
    assert WRONG in tab.locator(".cut-verdict .cut-said").inner_text()
    tab.select_option("select[name=cut]", label="z = y.detach().clone()")
    assert RIGHT in tab.locator(".cut-verdict .cut-said").inner_text()
    assert tab.locator(".cut-it svg:visible").count() == 1
    leaf = "getComputedStyle(document.querySelector('.cut-it .leaf > .box')).stroke"
    assert tab.evaluate(leaf) == "rgb(26, 114, 55)"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("selection", [SILENT, REFUSED], ids=VERDICTS[3:])
def test_an_open_outcome_is_for_everyone_and_fits(chromium, site, width, selection):
    with reader(chromium, site, viewport=width) as someone:
        tab = someone.open(PAGE)
        tab.get_by_role("button", name="pin this program").click()
        choose(tab, selection)
        tab.get_by_role("button", name="show me").click()
        tab.evaluate("document.getElementById('pst-back-to-top').remove()")  # the theme's, fading as it is looked at
        for _ in schemes(tab):
            assert someone.complaints == []
            assert tab.evaluate("document.documentElement.scrollWidth") <= width["width"]
            assert faults(tab) == []
            someone.complaints.clear()  # axe looks for a style sheet where it is not


TEXTS = """() => [...document.querySelectorAll('.cut-outcome svg.gs text')]
    .map(text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"""


@pytest.mark.parametrize("width", [390, 820, 1440])
@pytest.mark.parametrize(("page", "fixed"), [(PAGE, {}), (FRONT, PLAIN)])
def test_the_words_of_every_drawing_have_eleven_pixels(tab, page, fixed, width):
    tab = tab(page, viewport={"width": width, "height": 900})
    if page == PAGE:
        tab.get_by_label("predict first").uncheck()
    for selection in random.Random(3).sample(list(selections(fixed)), 25):
        tab.evaluate(SELECT, list(selection))
        assert min(map(float, tab.evaluate(TEXTS))) > 10.9


def test_the_page_says_how_many_programs_there_are():
    assert f"{len(list(selections())):,} programs" in (HTML / PAGE).read_text()
