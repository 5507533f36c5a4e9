"""The page of claims: each stands once with its verdict, beside its cell or in the table, and the filter finds it."""

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

from gradstop.authoring.clinic import clinic_pages, read_entries
from gradstop.course import section_titles
from gradstop.course.sections import anchor

PAGE = ROOT / "book" / "claims.ipynb"
BUILT = ROOT / "_build" / "html" / "book" / "claims.html"
# Claims of three tutorials, numbered as they were taken from them, and those that people make (S3).
LASTS = {"s0": (1, 38), "s1": (1, 84), "s2": (1, 37), "s3": (1, 20)}
IDS = [f"{series}-{number:02}" for series, (first, last) in LASTS.items() for number in range(first, last + 1)]
SIGNS = {"true": "✓", "false": "✗", "depends": "◐"}
CLAIM = re.compile(
    r'<div class="claim" id="(?P<id>.+?)" data-verdict="(?P<verdict>.+?)">\n\n'
    r'\*\*“(?P<words>.+?)”\*\* <span class="verdict">(?P<said>.+?)</span>\n\n\S(.+?)\n\n</div>',
    re.DOTALL,
)


@dataclass
class Shown:
    """A claim, and the code cell that shows it."""

    claim: re.Match
    cell: nbformat.NotebookNode

    def __str__(self):
        return self.claim["id"]


CELLS = nbformat.read(PAGE, as_version=4).cells
SHOWN = [
    Shown(claim, cell)
    for text, cell in pairwise(CELLS)
    if 'class="claim"' in text.source and text.cell_type == "markdown"
    for claim in [CLAIM.search(text.source)]
]
# The table's rows, as its cell holds them: id, verdict, claim, and where it is shown.
OTHERS = re.findall(r"^(s\d-\d\d) \| (\w+) \| (.+) \| (\S+)$", CELLS[-1].source, re.MULTILINE)
COUNTS = Counter([one.claim["verdict"] for one in SHOWN] + [verdict for _, verdict, _, _ in OTHERS])
FIRST = next(i for i, cell in enumerate(CELLS) if cell.source.startswith("## "))
each_claim = pytest.mark.parametrize("shown", SHOWN, ids=str)


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def raised(cell):
    return [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]


def test_every_claim_stands_once_with_its_verdict():
    assert sorted([one.claim["id"] for one in SHOWN] + [one[0] for one in OTHERS]) == IDS
    assert set(COUNTS) == set(SIGNS)
    for one in SHOWN:
        assert one.claim["said"] == f"{SIGNS[one.claim['verdict']]} {one.claim['verdict']}"


def test_some_sixty_teach_something_and_the_page_is_read_in_ten_minutes():
    assert 55 <= len(SHOWN) <= 70
    text = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
    assert len(re.sub(r"<[^>]+>", " ", text).split()) <= 1900


def test_the_table_holds_each_of_the_others_with_its_verdict_and_a_link():
    (table,) = [output.data["text/markdown"] for output in CELLS[-1].outputs]
    rows = re.findall(
        r'<tr class="claim" id="(.+?)" data-verdict="(.+?)"><td>\n\n“(.+?)”\n\n</td>'
        r'<td><span class="verdict">(\S+) (.+?)'
        r"</span></td><td>\n\n(?:<a href=\"|\[.+?\]\()(.+?)[\")]",
        table,
    )
    assert rows == [(name, said, claim, SIGNS[said], said, place) for name, said, claim, place in OTHERS]


@each_claim
def test_a_cell_shows_the_claim(shown):
    assert shown.cell.cell_type == "code"
    lines = printed(shown.cell).splitlines() + raised(shown.cell)
    assert lines
    assert not [line for line in lines if re.fullmatch(r"\W*(true|ok|passed|done|none)\W*", line, re.IGNORECASE)]
    assert "assert" not in shown.cell.source
    assert len(shown.cell.source.splitlines()) <= 12
    assert max(map(len, shown.cell.source.splitlines())) <= 78


def test_cells_are_short():
    assert statistics.median(len(one.cell.source.splitlines()) for one in SHOWN) <= 5


@pytest.fixture(scope="module")
def common():
    """Return what the cells before the first section define."""
    names = {}
    with redirect_stdout(io.StringIO()):
        for cell in CELLS[:FIRST]:
            if cell.cell_type == "code" and cell.id != "install":
                exec(cell.source.replace("%xmode Minimal", ""), names)
    return names


@pytest.mark.parametrize("shown", SHOWN[::-1], ids=str)
def test_a_cell_needs_no_other(shown, common):
    """Run last first, each with nothing but the opening's names, it prints and raises what is stored."""
    out, error = io.StringIO(), []
    with redirect_stdout(out), warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        try:
            exec(shown.cell.source, dict(common))
        except Exception as problem:
            error = [f"{type(problem).__name__}: {problem}"]
    assert out.getvalue() == printed(shown.cell)
    assert error == raised(shown.cell)


def test_links_lead_to_sections():
    """Chapters that are not written yet are in the table of contents."""
    contents = (ROOT / "_toc.yml").read_text()
    titles = {*section_titles(ROOT), *(entry.place for page in clinic_pages(ROOT) for entry in read_entries(page))}
    here = {f"#{one.claim['id']}" for one in SHOWN} | {"#the-others"}
    text = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", text)
    links += [tuple(place.split("#")) for *_, place in OTHERS]
    assert len(links) > 150
    for page, place in links:
        if not page:
            assert f"#{place}" in here
            continue
        stem, suffix = page.split(".")
        assert f"file: book/{stem}\n" in contents, page
        if place and suffix == "ipynb":
            assert f"{stem}#{place.replace('_', '-')}" in titles, place
        elif place:
            headings = re.findall("^#+ (.+)$", (ROOT / "book" / page).read_text(), re.MULTILINE)
            assert place in map(anchor, headings), place


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
  const sections = [...document.querySelectorAll("section section:has(.claim)")];
  return {
    claims: seen(document.querySelectorAll(".claim")).map((claim) => claim.id),
    cells: seen(sections.flatMap((section) => [...section.querySelectorAll(":scope > .claim ~ .cell")])).length,
    sections: seen(sections).length,
    filled: sections.filter((section) => seen(section.querySelectorAll(".claim")).length).length,
    count: document.querySelector(".claims-bar output")?.textContent,
  };
}"""


def seen(page):
    """Return the ids of the claims that can be seen, after a look that nothing else is left of the others."""
    look = page.evaluate(LOOK)
    assert look["cells"] == len([one for one in SHOWN if one.claim["id"] in look["claims"]])
    return look


@pytest.mark.slow
def test_the_filter_finds_claims_by_verdict_with_the_keyboard(open_page):
    page = open_page()
    assert len(seen(page)["claims"]) == len(SHOWN), "the table is folded"
    page.locator(".claims-bar input[value=all]").focus()
    for verdict in SIGNS:
        page.keyboard.press("ArrowRight")
        assert page.locator(f".claims-bar input[value={verdict}]").is_checked()
        look = seen(page)
        assert len(look["claims"]) == COUNTS[verdict]
        assert look["sections"] == look["filled"]
        assert look["count"] == f"{COUNTS[verdict]} of {len(IDS)} claims"
        assert f"{verdict} {COUNTS[verdict]}" in page.locator(".claims-bar fieldset").inner_text()
        assert page.url.endswith(f"?verdict={verdict}")
    page.locator(".claims-bar input[value=false]").check()
    page.keyboard.press("Tab")
    page.keyboard.type("history")
    found = seen(page)["claims"]
    assert 0 < len(found) < COUNTS["false"]
    assert seen(open_page("?" + page.url.split("?")[1]))["claims"] == found


@pytest.mark.slow
def test_the_filter_finds_words_of_text_and_code_and_an_id(open_page):
    page = open_page()
    words = page.locator(".claims-bar input[type=search]")
    asked = {
        "S0-15": ["s0-15"],
        "STORAGEWEAKREF expired": ["s0-34", "s0-35"],
        "fuse": ["s1-72"],
        "eval gradients off": ["s3-12"],
        "no such words": [],
    }
    for text, expected in asked.items():
        words.fill(text)
        assert set(expected) <= set(seen(page)["claims"])
        assert len(seen(page)["claims"]) <= 6
    words.fill("")
    assert len(seen(page)["claims"]) == len(SHOWN)
    assert "?" not in page.url


@pytest.mark.slow
def test_a_link_to_a_claim_that_is_filtered_out_shows_it(open_page):
    for claim in ("s1-24", "s0-02"):  # beside its cell, and a row of the folded table
        page = open_page(f"?verdict=false#{claim}")
        assert claim in seen(page)["claims"]
        assert page.locator(f"#{claim}").evaluate("claim => Math.abs(claim.getBoundingClientRect().top) < innerHeight")
        assert page.url.endswith(f"claims.html#{claim}")


@pytest.mark.slow
def test_without_script_everything_is_there_and_other_pages_have_no_bar(open_page):
    page = open_page(java_script_enabled=False)
    page.locator("details:has(tr.claim) > summary").click()
    assert len(seen(page)["claims"]) == len(IDS)
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
    for verdict in SIGNS:
        word = page.locator(f".claim[data-verdict={verdict}] .verdict").first
        colour = word.evaluate("word => getComputedStyle(word).color")
        dark, light = sorted([luminance(colour), luminance(ground)])
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (verdict, colour, ground)
