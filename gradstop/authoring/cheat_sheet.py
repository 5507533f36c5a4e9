"""Prints the cheat sheet: from the page's text to a PDF of one sheet, by a headless Chromium."""

import re
import shutil
import subprocess
import tempfile
from html import unescape
from pathlib import Path

from gradstop.course import CourseError
from gradstop.course.files import BOOK

SHEET = Path(BOOK, "cheat-sheet.md")
PDF = Path(BOOK, "_static", "cheat-sheet.pdf")
# The one without a window takes a third of the processor time for a page.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_CSS = """
@page { size: A4; margin: 8mm 13mm }
body { font: 8.8pt/1.24 system-ui, "DejaVu Sans", Arial, sans-serif; margin: 0; font-variant-ligatures: none }
h1 { font-size: 14pt; margin: 0 0 1mm } h2 { font-size: 10.5pt; margin: 2mm 0 .5mm }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .3mm 2mm .3mm 0 }
th, td { border-bottom: .2mm solid #999; vertical-align: top }
code { white-space: nowrap; font: 8.3pt "DejaVu Sans Mono", Menlo, monospace } ol { margin: 0; padding-left: 5mm }
"""


def print_sheet(root: Path) -> Path | None:
    """Print the cheat sheet and return the PDF's path, or None where there is no browser to print with.

    Raises:
        CourseError: if the browser fails.

    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        page, pdf = Path(folder, "sheet.html"), Path(folder, "sheet.pdf")
        page.write_text(as_html((root / SHEET).read_text(encoding="utf-8")), encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={pdf}", page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)  # noqa: S603, our own page
        if not pdf.is_file():
            raise CourseError(f"{SHEET}: {browser} printed nothing: {done.stderr.strip()[-300:]}")
        shutil.copyfile(pdf, root / PDF)
    return root / PDF


def missing_words(root: Path) -> list[str]:
    """Return the words of the sheet that its PDF does not hold: none if it was printed from this text."""
    printed = text_of((root / PDF).read_bytes()) if (root / PDF).is_file() else ""
    html = as_html((root / SHEET).read_text(encoding="utf-8"))
    asked = re.sub(r"<[^>]+>", " ", html.split("</style>")[1])
    return sorted(set(_words(unescape(asked))) - set(_words(printed)))


def text_of(pdf: bytes) -> str:
    """Return the text of all pages of a PDF, one behind the other."""
    from pypdfium2 import PdfDocument

    return "".join(page.get_textpage().get_text_bounded() for page in PdfDocument(pdf))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def as_html(text: str) -> str:
    """Return the sheet as a page of its own: its tables and rules, without what is for the site alone."""
    from markdown_it import MarkdownIt

    title, body = text.split("\n", 1)
    body = "## " + body.split("\n## ", 1)[1]
    body = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", body)
    html = MarkdownIt().enable("table").render(f"{title.replace('Cheat', 'Where Gradients Stop: cheat')}\n\n{body}")
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{_CSS}</style>{html}</html>'
