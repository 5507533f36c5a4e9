"""The whole book as one PDF: the built pages, one behind the other, printed by a headless Chromium (``make pdf``)."""

import os
import re
import shutil
import subprocess
import tempfile
from html import escape
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import urldefrag

import yaml
from bs4 import BeautifulSoup, Tag

from gradstop.authoring.cheat_sheet import BROWSERS
from gradstop.course import CourseError

SITE = Path("_build", "html")
PDF = Path("_build", "where-gradients-stop.pdf")
# What the site's pages look like on paper is said in book/_static/book.css; this is about the book as a whole.
_CSS = """
@page { size: A4; margin: 16mm 15mm 18mm; @bottom-center { content: counter(page); font: 9pt sans-serif } }
html { font-size: 11.5px } svg.gs { zoom: .8 } details.hide > summary { display: none !important }
body { background: #fff }
article.bd-article { display: block; break-before: page; padding: 0 }
.book-contents ol { columns: 2; list-style: none; padding-left: 0 } .book-contents li { margin: .25em 0 }
.title-page { padding-top: 8cm; text-align: center } .book-contents { break-before: page }
h1, h2, h3 { break-after: avoid } pre { white-space: pre-wrap } table { max-width: 100% }
td code, td .pre { white-space: normal; overflow-wrap: anywhere }
"""
_STYLES = ("styles/theme.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css")
_NAMES = ("id", "for", "name", "aria-labelledby", "aria-describedby")


def contents(root: Path) -> list[tuple[str, list[str]]]:
    """Return the parts of the table of contents with their pages."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    parts = [("", [toc["root"]])]
    for part in toc["parts"]:
        pages = [page["file"] for entry in part["chapters"] for page in (entry, *entry.get("sections", []))]
        parts.append((part["caption"], pages))
    return parts


def combined(root: Path) -> tuple[str, dict[str, str]]:
    """Return all pages as one, each name in it made its page's own, so that links between pages work; and their titles.

    Raises:
        CourseError: if the site is not built.

    """
    parts = contents(root)
    pages = {page for _, of_part in parts for page in of_part}
    articles, lines, titles = [], [], {}
    for part, of_part in parts:
        lines += [f"<li><strong>{escape(part)}</strong></li>"] if part else []
        for page in of_part:
            article = _article(root, page, pages)
            titles[page] = _title(article)
            lines.append(f'<li><a href="#{_name(page)}">{escape(titles[page])}</a></li>')
            articles.append(str(article))
    book = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    styles = "".join(f'<link rel="stylesheet" href="_static/{name}">' for name in (*_STYLES, *_sheets(root)))
    html = (
        f'<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{escape(book["title"])}'
        f"</title>{styles}<style>{_CSS}</style></head><body><main>"
        f'<div class="title-page"><h1>{escape(book["title"])}</h1><p>{escape(book["author"])}</p></div>'
        f'<nav class="book-contents"><h1>Contents</h1><ol>{"".join(lines)}</ol></nav>{"".join(articles)}'
        "</main></body></html>"
    )
    return html, titles


def print_book(root: Path) -> Path:
    """Print the book and return the PDF's path.

    Raises:
        CourseError: without a browser, or if it prints nothing.

    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise CourseError(f"{PDF} needs a browser to print with: install chromium.")
    # Beside the pages, so that style sheets and pictures are found.
    page = root / SITE / f".whole-book-{os.getpid()}.html"
    html, titles = combined(root)
    page.write_text(html, encoding="utf-8")
    try:
        with tempfile.TemporaryDirectory() as folder:
            pdf = Path(folder, "book.pdf")
            command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
            command += ["--no-pdf-header-footer", f"--print-to-pdf={pdf}"]
            done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=600)  # noqa: S603
            if not pdf.is_file():
                raise CourseError(f"{PDF}: {browser} printed nothing: {done.stderr.strip()[-300:]}")
            _with_outline(pdf, titles, root)
    finally:
        page.unlink(missing_ok=True)
    return root / PDF


def _with_outline(printed: Path, titles: dict[str, str], root: Path) -> None:
    """Write the printed PDF with an outline: the parts, and the pages that the contents name."""
    from pikepdf import Array, OutlineItem, Pdf

    with Pdf.open(printed) as pdf:
        places = {str(name).lstrip("/"): place for name, place in pdf.Root.Dests.items()}
        with pdf.open_outline() as outline:
            for part, pages in contents(root):
                items = [OutlineItem(titles[page], Array(places[_name(page)])) for page in pages]
                if not part:
                    outline.root.extend(items)
                    continue
                above = OutlineItem(part, items[0].destination)
                above.children.extend(items)
                outline.root.append(above)
        pdf.save(root / PDF)


def _title(article: Tag) -> str:
    heading = article.find("h1")
    return " ".join(heading.get_text().split()) if heading else ""


def _article(root: Path, page: str, pages: set[str]) -> Tag:
    path = root / SITE / f"{page}.html"
    if not path.is_file():
        raise CourseError(f"{path.relative_to(root)} is not there: run make book first.")
    article = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").find("article")
    if not isinstance(article, Tag):
        raise CourseError(f"{path.relative_to(root)} has no article.")
    for gone in article.select("script, button, a.headerlink, .begin, figure.gs > details"):
        gone.decompose()
    for folded in article.find_all("details"):
        folded["open"] = ""
    start = _name(page)
    for element in article.find_all(True):
        for key in _NAMES:
            if element.get(key):
                element[key] = f"{start}--{element[key]}"
        for key, value in element.attrs.items():
            if isinstance(value, str) and "url(#" in value:
                element[key] = value.replace("url(#", f"url(#{start}--")
    for link in article.find_all("a", href=True):
        _lead(link, page, pages)
    article["id"] = start
    return article


def _lead(link: Tag, page: str, pages: set[str]) -> None:
    """Let a link lead to its place in the book; one to a file of the site alone becomes plain text."""
    address, anchor = urldefrag(str(link["href"]))
    if re.match(r"\w+:", address):
        return
    target = normpath(join(dirname(page), address)).removesuffix(".html") if address else page
    if target in pages:
        link["href"] = f"#{_name(target)}" + (f"--{anchor}" if anchor else "")
    else:
        del link["href"]


def _name(page: str) -> str:
    return page.rsplit("/", 1)[-1] if page.startswith("book/") else page.replace("/", "-")


def _sheets(root: Path) -> list[str]:
    """Return the style sheets of cells and of the book."""
    static = root / SITE / "_static"
    return [path.name for path in sorted(static.glob("mystnb.*.css"))] + ["book.css", "claims.css"]


if __name__ == "__main__":
    print(print_book(Path.cwd()).relative_to(Path.cwd()))
