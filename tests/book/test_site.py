"""The built site (make book): what a reader gets, and what nobody may find in it."""

import json
import re
import zipfile
from html import escape, unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from support.course import ASSIGNMENTS, BENCHES, ROOT

from gradstop.course import graded_cells, section_titles
from gradstop.course.torch_versions import read_versions

HTML = ROOT / "_build" / "html"
pytestmark = pytest.mark.slow
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
ENTRIES = [chapter for part in TOC["parts"] for chapter in part["chapters"]]
FILES = [TOC["root"], *(page["file"] for entry in ENTRIES for page in (entry, *entry.get("sections", [])))]
PAGES = ["index.html", *(f"{file}.html" for file in FILES)]
CHAPTERS = [page for page in PAGES if re.match(r"book/\d", page)]


@pytest.fixture(autouse=True, scope="module")
def _built():
    if not (HTML / "index.html").is_file():
        pytest.fail("the site is not built: run make book first")


def text(page):
    return (HTML / page).read_text(encoding="utf-8")


class Elements(HTMLParser):
    """Collects the start tags of a page."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(text(page))

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_there(page):
    assert "book/index.html" in text(page) if page == "index.html" else "</html>" in text(page)


@pytest.mark.parametrize("page", PAGES[1:])
def test_a_page_loads_nothing_from_elsewhere(page):
    for tag, attributes in Elements(page).found:
        address = attributes.get("src") or (attributes.get("href") if tag == "link" else "") or ""
        assert not re.match("(https?:)?//", address), (tag, attributes)


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_drawing_of_a_chapter_is_on_its_page_with_its_words(page):
    pictures = [a for tag, a in Elements(page).found if tag == "svg" and "gs" in a.get("class", "gs")]
    drawn = [a for a in pictures if a.get("role") == "img"]
    assert len(drawn) >= 4
    assert all(len(a["aria-label"]) > 40 for a in drawn)


@pytest.mark.parametrize("page", CHAPTERS)
def test_predictions_are_native_and_their_results_folded(page):
    assert text(page).count('<div class="prediction">') >= 4
    assert len(re.findall(r'<details class="[^"]*below-input', text(page))) >= 4


@pytest.mark.parametrize("page", CHAPTERS)
def test_deliberate_errors_show_their_message_and_no_path(page):
    assert "Error: " in text(page) or "processes" in page  # there they are raised in other processes
    assert "site-packages" not in text(page)


def test_the_build_page_has_versions_and_run_times():
    page = text("book/build.html")
    assert "2.13.0" in page
    assert all(Path(chapter).stem in page for chapter in CHAPTERS)
    assert not re.search(r";\s*</p>", page)  # a list of places ends with a place


def test_what_is_other_on_another_torch_stands_on_its_page_and_on_that_of_the_build():
    told = text("book/build.html").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    for torch, tried in read_versions(ROOT).items():
        for one in (*tried.cells, *tried.statements):
            what = f"“{one.sentence}”" if one in tried.statements else f"cell {one.number}"
            page = Path(one.page).stem
            assert f'href="{page}.html"><span class="doc">{page}, {escape(what, quote=False)}<' in told
            of_page = [other for other in (*tried.cells, *tried.statements) if other.page == one.page]
            assert text(f"book/{page}.html").count(f" on torch {torch}</summary>") == len(of_page)


def test_every_section_that_a_check_names_is_an_anchor():
    for place in section_titles(ROOT):
        page, anchor = place.split("#")
        assert f'id="{anchor}"' in text(f"book/{page}.html"), place


def solution_passages():
    """Return what gives an exercise away: two lines that follow each other in its solution, or its one line.

    A single line of a longer solution, such as ``total.backward()``, is common knowledge.
    """
    for assignment in ASSIGNMENTS:
        for cell in graded_cells(assignment.notebook):
            if cell.solution:
                body = cell.source.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
                lines = [line.strip() for line in body.splitlines() if line.strip()]
                together = (pair for pair in pairwise(lines) if not _is_common(pair))
                yield from map(" ".join, together) if len(lines) > 1 else lines


def _is_common(pair):
    """Whether two lines say nothing of an exercise: they open blocks, or begin a module as each one begins."""
    return all(line.endswith(":") for line in pair) or pair[1] == "super().__init__()"


def plain(suffix, content):
    """Return a file's text as it is read: without markup, escapes and line breaks."""
    if suffix == ".html":
        content = unescape(re.sub(r"<style.*?</style>|<[^>]+>", "", content, flags=re.DOTALL))
    elif suffix == ".ipynb":
        content = "\n".join("".join(cell["source"]) for cell in json.loads(content)["cells"])
    return " ".join(["", *content.split(), ""])


def built_texts():
    """Yield each text of the site, those in its archives too, with its name and suffix."""
    for path in HTML.rglob("*"):
        if path.name.startswith("."):
            continue  # a page that is being printed
        if path.suffix in {".html", ".js", ".ipynb", ".txt", ".json", ".md"} and "_static" not in path.parts:
            yield path.name, path.suffix, path.read_text(encoding="utf-8")
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield f"{path.name}: {name}", Path(name).suffix, archive.read(name).decode("utf-8")


def test_nothing_that_is_built_holds_a_solution():
    """Neither pages, search index, sources nor downloads, nor what archives hold."""
    secrets = set(solution_passages())
    names = {answer.name for bench in BENCHES for known in bench.right.values() for answer in known}
    assert len(secrets) > 50
    for name, suffix, content in built_texts():
        text_there = plain(suffix, content)
        within = secrets if ".zip" in name else secrets | names  # the library has names of its own
        found = [secret for secret in within if f" {secret} " in text_there]
        assert not found, f"{name} holds {found}"
