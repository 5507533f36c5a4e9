"""The page of claims: each stands once, with its verdict, beside a cell that shows it; and the filter finds it."""

import io
import re
import statistics
import warnings
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import pairwise

import nbformat
import pytest
from support.course import ROOT

from gradstop.course import section_titles
from gradstop.course.sections import anchor

PAGE = ROOT / "book" / "claims.ipynb"
BUILT = ROOT / "_build" / "html" / "book" / "claims.html"
IDS = [f"S{series}-{number:02}" for series, last in enumerate((38, 84, 37)) for number in range(1, last + 1)]
VERDICTS = {"true": 86, "misleading": 31, "depends": 25, "false": 17}
CLAIM = re.compile(
    r'<div class="claim" id="(?P<anchor>.+?)" data-verdict="(?P<verdict>.+?)">\n\n'
    r'\*\*(?P<id>.+?)\*\* <span class="verdict">(?P<word>.+?):</span> \S(.+?)\n\n</div>',
    re.DOTALL,
)


@dataclass
class Group:
    """Claims that stand together, and the code cell that shows them."""

    text: str
    claims: list[re.Match]
    cell: nbformat.NotebookNode

    def __str__(self):
        return "+".join(claim["id"] for claim in self.claims)


CELLS = nbformat.read(PAGE, as_version=4).cells
GROUPS = [
    Group(text.source, list(CLAIM.finditer(text.source)), cell)
    for text, cell in pairwise(CELLS)
    if 'class="claim"' in text.source
]
CLAIMS = [claim for group in GROUPS for claim in group.claims]
FIRST = next(i for i, cell in enumerate(CELLS) if cell.source.startswith("## "))
each_group = pytest.mark.parametrize("group", GROUPS, ids=str)


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def raised(cell):
    return [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]


def test_every_claim_stands_once_with_its_verdict():
    assert sorted(claim["id"] for claim in CLAIMS) == IDS
    assert Counter(claim["verdict"] for claim in CLAIMS) == VERDICTS
    for claim in CLAIMS:
        assert claim["anchor"] == claim["id"].lower()
        assert claim["word"] == claim["verdict"]


@each_group
def test_claims_that_share_a_cell_share_a_verdict(group):
    assert len({claim["verdict"] for claim in group.claims}) == 1
    assert group.text.count("<div") == group.text.count("</div>") == len(group.claims)


@each_group
def test_a_cell_shows_the_claim(group):
    assert group.cell.cell_type == "code"
    lines = printed(group.cell).splitlines() + raised(group.cell)
    assert lines
    assert not [line for line in lines if re.fullmatch(r"\W*(true|ok|passed|done|none)\W*", line, re.IGNORECASE)]
    assert "assert" not in group.cell.source
    assert len(group.cell.source.splitlines()) <= 12
    assert max(map(len, group.cell.source.splitlines())) <= 78


def test_cells_are_short():
    assert statistics.median(len(group.cell.source.splitlines()) for group in GROUPS) <= 4


@pytest.fixture(scope="module")
def common():
    """Return what the cells before the first section define."""
    names = {}
    with redirect_stdout(io.StringIO()):
        for cell in CELLS[:FIRST]:
            if cell.cell_type == "code" and cell.id != "install":
                exec(cell.source.replace("%xmode Minimal", ""), names)
    return names


@pytest.mark.parametrize("group", GROUPS[::-1], ids=str)
def test_a_cell_needs_no_other(group, common):
    """Run last first, each with nothing but the opening's names, it prints and raises what is stored."""
    out, error = io.StringIO(), []
    with redirect_stdout(out), warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        try:
            exec(group.cell.source, dict(common))
        except Exception as problem:
            error = [f"{type(problem).__name__}: {problem}"]
    assert out.getvalue() == printed(group.cell)
    assert error == raised(group.cell)


def test_links_lead_to_sections():
    """Chapters that are not written yet are in the table of contents."""
    contents = (ROOT / "_toc.yml").read_text()
    titles = section_titles(ROOT)
    text = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
    links = re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", text)
    assert len(links) > 100
    for page, place in links:
        stem, suffix = page.split(".")
        assert f"file: book/{stem}\n" in contents, page
        if (ROOT / "book" / page).exists() and place:
            if suffix == "ipynb":
                assert f"{stem}#{place.replace('_', '-')}" in titles, place
            else:
                headings = re.findall("^#+ (.+)$", (ROOT / "book" / page).read_text(), re.MULTILINE)
                assert place in map(anchor, headings), place
    assert set(re.findall(r'href="#(.+?)"', text)) <= {claim["anchor"] for claim in CLAIMS}


def test_a_reader_judges_before_the_first_verdict():
    first = next(i for i, cell in enumerate(CELLS) if 'class="claim"' in cell.source)
    questions = [i for i, cell in enumerate(CELLS) if '<div class="prediction">' in cell.source]
    assert questions
    assert max(questions) < first
    assert all("hide-output" in CELLS[i + 1].metadata.tags for i in questions)


@pytest.fixture
def open_page(chromium):
    """Return a function that opens the page from the disk, as a reader without a server does."""
    if not BUILT.is_file():
        pytest.fail("the page is not built: run make book first")
    pages = []

    def opened(address="", **options):
        page = chromium.new_page(**options)
        pages.append(page)
        page.goto(BUILT.as_uri() + address)
        return page

    yield opened
    for page in pages:
        page.close()


LOOK = """() => {
  const seen = (elements) => [...elements].filter((element) => element.checkVisibility());
  const sections = [...document.querySelectorAll("section:has(> .claim)")];
  return {
    claims: seen(document.querySelectorAll(".claim")).map((claim) => claim.id.toUpperCase()),
    cells: seen(sections.flatMap((section) => [...section.querySelectorAll(":scope > .cell")])).length,
    sections: seen(sections).length,
    filled: sections.filter((section) => seen(section.querySelectorAll(".claim")).length).length,
    count: document.querySelector(".claims-bar output")?.textContent,
  };
}"""


def shown(page):
    """Return the ids of the claims that can be seen, after a look that nothing else is left of the others."""
    look = page.evaluate(LOOK)
    groups = [group for group in GROUPS if {claim["id"] for claim in group.claims} & set(look["claims"])]
    assert look["cells"] == len(groups)
    assert look["sections"] == look["filled"]
    assert len(look["claims"]) == sum(len(group.claims) for group in groups)
    assert look.get("count") in (None, f"{len(look['claims'])} of 159 claims")
    return look["claims"]


@pytest.mark.slow
def test_the_filter_finds_claims_by_verdict_with_the_keyboard(open_page):
    page = open_page()
    assert len(shown(page)) == 159
    page.locator(".claims-bar input[value=all]").focus()
    for verdict, count in VERDICTS.items():
        page.keyboard.press("ArrowRight")
        assert page.locator(f".claims-bar input[value={verdict}]").is_checked()
        assert sorted(shown(page)) == sorted(claim["id"] for claim in CLAIMS if claim["verdict"] == verdict)
        assert f"{verdict} {count}" in page.locator(".claims-bar fieldset").inner_text()
        assert page.url.endswith(f"?verdict={verdict}")
    page.keyboard.press("Tab")
    page.keyboard.type("history")
    found = shown(page)
    assert 0 < len(found) < VERDICTS["false"]
    assert shown(open_page("?" + page.url.split("?")[1])) == found


@pytest.mark.slow
def test_the_filter_finds_words_of_text_and_code_and_an_id(open_page):
    page = open_page()
    words = page.locator(".claims-bar input[type=search]")
    for text, expected in [("S0-15", ["S0-15"]), ("STORAGEWEAKREF expired", ["S0-34", "S0-35"]), ("no such words", [])]:
        words.fill(text)
        assert set(expected) <= set(shown(page))
        assert len(shown(page)) <= 6
    words.fill("")
    assert len(shown(page)) == 159
    assert "?" not in page.url


@pytest.mark.slow
def test_a_link_to_a_claim_that_is_filtered_out_shows_it(open_page):
    page = open_page("?verdict=false#s0-02")
    assert "S0-02" in shown(page)
    assert page.locator("#s0-02").evaluate("claim => Math.abs(claim.getBoundingClientRect().top) < innerHeight")
    assert page.url.endswith("claims.html#s0-02")


@pytest.mark.slow
def test_without_script_everything_is_there_and_other_pages_have_no_bar(open_page):
    page = open_page(java_script_enabled=False)
    assert len(shown(page)) == 159
    assert page.locator(".claims-bar").count() == 0
    page = open_page()
    page.goto(BUILT.with_name("03-detach.html").as_uri())
    assert page.locator(".claims-bar").count() == 0


def luminance(colour):
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_verdicts_can_be_read_on_both_themes(open_page, scheme):
    page = open_page(color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for verdict in VERDICTS:
        word = page.locator(f".claim[data-verdict={verdict}] .verdict").first
        colour = word.evaluate("word => getComputedStyle(word).color")
        dark, light = sorted([luminance(colour), luminance(ground)])
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (verdict, colour, ground)
