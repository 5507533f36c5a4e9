"""The whole book as one PDF: every page is in it, its links lead somewhere, and no solution is in it."""

import re
import shutil
import unicodedata
from html import unescape

import pytest
from pikepdf import Pdf
from support.browsing import HTML
from support.course import ROOT
from test_site import PAGES, solution_passages

from gradstop.authoring.book_pdf import PDF, contents, print_book
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


def test_predictions_are_open_and_all_steps_are_shown(words):
    assert words.count("Predict.") >= 50
    assert "0of4." in words
    assert "4of4." in words
    for gone in ("Skiptomaincontent", "Hidecodecelloutput"):
        assert gone not in words


def test_it_holds_no_solution(words):
    # Without spaces and colours a short line, such as total.backward(), stands on many a page.
    secrets = [line for line in (re.sub(r"\s+", "", line) for line in solution_passages()) if len(line) > 20]
    assert len(secrets) > 20
    assert [secret for secret in secrets if secret in words] == []
