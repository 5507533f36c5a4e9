"""Prints the book: once to learn on which sheet each page begins, and once with these numbers in the contents."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradstop.authoring.book_pdf.article import name
from gradstop.authoring.book_pdf.pages import SITE, combined, contents, place
from gradstop.authoring.cheat_sheet import BROWSERS
from gradstop.course import CourseError

if TYPE_CHECKING:
    from pikepdf import Pdf

PDF = Path("_build", "where-gradients-stop.pdf")
# Each page of the site has the link; it is seen once there is something to download.
DOWNLOAD = f"_downloads/{PDF.name}"
_HIDDEN, _SHOWN = '<li class="book-pdf" hidden>', '<li class="book-pdf">'
HIDDEN_LINK = f'{_HIDDEN}<a href="{{address}}" download>The whole book as a PDF</a>.</li>'


def print_book(root: Path) -> Path:
    """Print the book, give the site its link to it, and return the PDF's path.

    Raises:
        CourseError: without a browser, or if it prints nothing.

    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise CourseError(f"{PDF} needs a browser to print with: install chromium.")
    html, titles = combined(root)
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder, "book.pdf")
        numbers = dict.fromkeys(titles, 999)
        for _ in range(2):
            _print(browser, _numbered(html, numbers), pdf, root)
            numbers = _first_sheets(pdf, titles)
        _with_outline(pdf, titles, root)
    _offer(root)
    return root / PDF


def _numbered(html: str, numbers: dict[str, int]) -> str:
    for page, number in numbers.items():
        html = html.replace(place(page), str(number))
    return html


def _print(browser: str, html: str, pdf: Path, root: Path) -> None:
    # Beside the pages, so that style sheets and pictures are found.
    page = root / SITE / f".whole-book-{os.getpid()}.html"
    page.write_text(html, encoding="utf-8")
    try:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={pdf.parent}/profile"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={pdf}"]
        done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=600)  # noqa: S603
        if not pdf.is_file():
            raise CourseError(f"{PDF}: {browser} printed nothing: {done.stderr.strip()[-300:]}")
    finally:
        page.unlink(missing_ok=True)


def _first_sheets(printed: Path, titles: dict[str, str]) -> dict[str, int]:
    """Return the number of the sheet on which each page begins."""
    from pikepdf import Pdf

    with Pdf.open(printed) as pdf:
        numbers = {sheet.obj.objgen: number for number, sheet in enumerate(pdf.pages, 1)}
        places = _places(pdf)
        return {page: numbers[places[name(page)][0].objgen] for page in titles}


def _places(pdf: "Pdf") -> dict[str, Any]:
    """Return the destinations of a PDF by their names."""
    return {str(key).lstrip("/"): found for key, found in pdf.Root.Dests.items()}


def _with_outline(printed: Path, titles: dict[str, str], root: Path) -> None:
    """Write the printed PDF with an outline: the parts, and the pages that the contents name."""
    from pikepdf import Array, ObjectStreamMode, OutlineItem, Pdf

    with Pdf.open(printed) as pdf:
        places = _places(pdf)
        with pdf.open_outline() as outline:
            for part, pages in contents(root):
                items = [OutlineItem(titles[page], Array(places[name(page)])) for page in pages]
                if not part:
                    outline.root.extend(items)
                    continue
                above = OutlineItem(part, items[0].destination)
                above.children.extend(items)
                outline.root.append(above)
        pdf.save(root / PDF, object_stream_mode=ObjectStreamMode.generate)


def _offer(root: Path) -> None:
    """Put the PDF where the site's pages lead to, and show the links."""
    shutil.copyfile(root / PDF, root / SITE / DOWNLOAD)
    for page in (root / SITE).rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        if _HIDDEN in html:
            page.write_text(html.replace(_HIDDEN, _SHOWN), encoding="utf-8")
