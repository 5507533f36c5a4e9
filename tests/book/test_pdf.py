"""The whole book as one PDF: every page is in it, its links lead somewhere, and no solution is in it."""

import re
import shutil
import unicodedata
from html import unescape
from importlib.metadata import version

import numpy as np
import pytest
from bs4 import BeautifulSoup
from pikepdf import Pdf
from pypdfium2 import PdfDocument
from support.browsing import HTML
from support.course import ROOT
from test_site import PAGES, solution_passages

from gradstop.authoring.book_pdf import PDF, contents, print_book
from gradstop.authoring.book_pdf.article import article
from gradstop.authoring.cheat_sheet import BROWSERS, text_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pdf")]  # made once


@pytest.fixture(scope="module")
def book():
    """Give the PDF, made now if it is not there or older than the site."""
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("no Chromium on the path: install your system's package chromium-headless-shell, or chromium")
    if not (HTML / "index.html").is_file():
        pytest.fail("the site is not built: run make book first")
    path = ROOT / PDF
    if not path.is_file() or path.stat().st_mtime < (HTML / "index.html").stat().st_mtime:
        print_book(ROOT)
    with Pdf.open(path) as pdf:
        yield pdf


@pytest.fixture(scope="module")
def words(book):
    return unicodedata.normalize("NFKC", re.sub(r"\s+", "", text_of((ROOT / PDF).read_bytes())))


def titles(book):
    """Return the titles of the pages: those below a part, and the front page, which is in none."""
    with book.open_outline() as outline:
        return [outline.root[0].title, *(entry.title for part in outline.root for entry in part.children)]


def test_every_page_of_the_contents_is_in_it_with_its_place_in_the_outline(book):
    pages = [page for _, of_part in contents(ROOT) for page in of_part]
    assert [f"{page}.html" for page in pages] == PAGES[1:]
    heads = [
        unescape(re.sub("<.+?>", "", re.search("<article.+?<h1>(.+?)<a", (HTML / page).read_text(), re.DOTALL)[1]))
        for page in PAGES[1:]
    ]
    assert titles(book) == heads


def test_its_links_lead_to_places_in_it_or_to_the_web(book):
    places = book.Root.Dests.keys()
    inside = 0
    for page in book.pages:
        for link in page.get("/Annots", []):
            if "/Dest" in link:
                inside += 1
                assert str(link["/Dest"]) in places
            elif "/A" in link:
                assert str(link["/A"].get("/URI", "https:")).startswith("http"), link["/A"]
    assert inside > 400


def test_a_number_is_asked_for_with_a_blank_and_its_hints_are_no_wrong_answers():
    question = (
        '<article><section><h1>A page</h1><div class="prediction"><p><strong>Complete the drawing.</strong> How many? '
        '<label>Your number: <input pattern="8"></label></p><details><summary>A hint</summary><p>Count.</p></details>'
        "</div></section></article>"
    )
    page = article(question, "book/page", {"book/page"})
    asked, answer = page.select_one(".prediction"), page.select_one(".book-answers")
    assert asked.get_text() == "Complete the drawing 1. How many? Your number: __________"
    assert not asked.select("input, li")
    assert answer.get_text() == "AnswersA hint: Count."
    assert not answer.select("[class^=option]")


@pytest.fixture(scope="module")
def sheets():
    """Give each sheet's text, and how much of it is empty below what is printed, from 0 to 1."""
    found = []
    for sheet in PdfDocument(ROOT / PDF):
        picture = np.asarray(sheet.render(scale=0.4).to_pil().convert("L"))
        body = picture[int(0.06 * len(picture)) : int(0.93 * len(picture))]  # without running head and number
        inked = np.flatnonzero((body < 200).any(axis=1))
        empty = 1 - (inked[-1] + 1) / len(body) if len(inked) else 1.0
        found.append((sheet.get_textpage().get_text_bounded(), empty))
    return found


def begins(book):
    """Return each page's title and the number of the sheet on which it begins."""
    numbers = {sheet.objgen: number for number, sheet in enumerate(book.pages, 1)}
    with book.open_outline() as outline:
        entries = [outline.root[0], *(entry for part in outline.root for entry in part.children)]
        return [(entry.title, numbers[entry.destination[0].objgen]) for entry in entries]


def test_the_contents_and_each_sheet_say_where_one_is(book, sheets):
    lines = " ".join(sheets[1][0].split())
    for title, number in begins(book):
        assert f"{title} {number}" in lines, title
        head, foot = sheets[number - 1][0].splitlines()[:2]
        assert " ".join(head.split()) == " ".join(title.split())
        assert int(foot) == number


def test_the_title_page_says_version_date_torch_and_licence(sheets):
    first = sheets[0][0]
    assert re.search(rf"Version {re.escape(version('gradstop'))}, \d\d \w+ \d{{4}}\. Executed on torch \d", first)
    assert "CC BY 4.0" in first
    assert "MIT" in first


def test_answers_are_at_the_end_of_a_chapter_and_not_below_the_question(words):
    start = words.index("Youwritez=y.detach().Whatstops")
    chapter = words[start : words.index("Answers", start) + 20_000]
    question, answers = chapter.index("Predict1."), chapter.index("Answers")
    told = "Thefirstlinewritesintothememoryof"
    assert question < answers < chapter.index(told)
    assert chapter.count(told) == 1
    assert "Theoutputisatanswer1." in chapter[question:answers]
    assert chapter.index("y=tensor([100.,4.]") > answers


def test_predictions_are_all_there_and_all_steps_are_shown(words):
    assert len(re.findall(r"Predict\d+\.", words)) >= 50
    assert "0of4." in words
    assert "4of4." in words
    for gone in ("Skiptomaincontent", "Hidetheoutput", "Takeitwithyou", "\N{WHITE HEAVY CHECK MARK}"):
        assert gone not in words


@pytest.mark.parametrize("page", ["book/choose.html", "book/not-noticed.html", "book/claims.html"])
def test_tables_are_there_row_by_row(words, page):
    """A table's rows are not hidden by what another page's style sheet says of its own."""
    cells = BeautifulSoup((HTML / page).read_text(), "html.parser").select("article tbody :is(th, td) code")
    texts = [re.sub(r"\s+", "", cell.get_text()) for cell in cells]
    assert len(texts) > 15
    assert [text for text in texts if unicodedata.normalize("NFKC", text) not in words] == []


def test_of_a_drawing_whose_boxes_open_the_closed_one_is_printed(words):
    page = (HTML / "book/03-detach.html").read_text()
    opening = BeautifulSoup(page, "html.parser").select("figure.gs-steps:has(.gs-open)")
    titles = {figure.figcaption.get_text() for figure in opening}
    figures = article(page, "book/03-detach", {"book/03-detach"}).select("figure.gs")
    printed = [figure for figure in figures if figure.figcaption and figure.figcaption.get_text() in titles]
    assert len(printed) == len(opening) > 0
    assert [len(figure.select("svg.gs")) for figure in printed] == [1] * len(printed)
    assert "Thispictureinwords" not in words


def test_few_sheets_are_more_than_a_third_empty(book, sheets):
    """The last one of a page may be, and one before a picture that stays with its code."""
    last = {number - 1 for _, number in begins(book)} | {1, 2, len(sheets)}
    empty = [number for number, (_, share) in enumerate(sheets, 1) if share > 1 / 3 and number not in last]
    assert len(empty) <= len(sheets) // 25, empty


def test_no_sheet_ends_with_a_title(sheets):
    """Neither with a section's, or that of some rows of a table, nor with the line on how hard an exercise is."""
    pages = [BeautifulSoup(path.read_text(), "html.parser") for path in (HTML / "book").glob("*.html")]
    found = [title for page in pages for title in page.select("article :is(h2, h3, th:only-child)")]
    titles = {re.sub(r"\W+", "", title.get_text()) for title in found}
    last = {number: text.split("\n")[-1].strip() for number, (text, _) in enumerate(sheets, 1)}
    assert len(titles) > 300
    ends = {number: line for number, line in last.items() if re.sub(r"\W+", "", line) in titles}
    assert ends | {number: line for number, line in last.items() if re.search(r"· \d points?$", line)} == {}


def test_the_site_leads_to_the_book(book):
    page = (HTML / "book/03-detach.html").read_text()
    link = re.search('<li class="book-pdf"><a href="(.*?)" download>', page)[1]
    assert (HTML / "book" / link).read_bytes() == (ROOT / PDF).read_bytes()


def test_it_holds_no_solution(words):
    # Without spaces and colours a short line, such as total.backward(), stands on many a page.
    secrets = [line for line in (re.sub(r"\s+", "", line) for line in solution_passages()) if len(line) > 20]
    assert len(secrets) > 20
    assert [secret for secret in secrets if secret in words] == []
