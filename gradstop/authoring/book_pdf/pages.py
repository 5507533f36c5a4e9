"""All pages of the book as one: title page, contents, and the articles behind each other."""

import re
from datetime import date
from html import escape
from importlib.metadata import version
from pathlib import Path

import yaml
from bs4 import Tag

from gradstop.authoring.book_pdf.article import article, name
from gradstop.course import CourseError

SITE = Path("_build", "html")
# What the site's pages look like on paper is said in book/_static/book.css; this is about the book as a whole.
_CSS = """
@page { size: A4; margin: 18mm 15mm 18mm; @bottom-center { content: counter(page); font: 9pt sans-serif } }
html { font-size: 11.5px } body { background: #fff } details.hide > summary { display: none !important }
article.bd-article { display: block; break-before: page; padding: 0 }
.book-contents ol { columns: 2; list-style: none; padding-left: 0 }
.book-contents li { margin: .25em 0; break-inside: avoid } .book-contents strong { display: block; margin-top: .8em }
.book-contents a { display: flex; justify-content: space-between; gap: 1em }
.title-page { padding-top: 8cm; text-align: center } .book-contents { break-before: page }
h1, h2, h3 { break-after: avoid } pre { white-space: pre-wrap } table { max-width: 100% }
td code, td .pre { white-space: normal }
figure.gs { margin: .2em 0 } .cell_output .output { margin: .2em 0 !important; padding: 0 } .cell { margin: .6em 0 }
div.cell_input pre { padding: .5em .9em } .prediction { margin: .6em 0 } .prediction ul { margin-bottom: 0 }
figure.gs:not(.gs-steps) svg.gs { zoom: .62; max-height: 17cm }
.gs-beside { flex-wrap: nowrap } .gs-beside > figure.gs { flex: 0 1 auto } .gs-wide > svg.gs { min-width: 0 !important }
.cell_input:not(:last-child) { break-after: avoid } .cell:has(figure.gs:not(.gs-steps) svg.gs) { break-inside: avoid }
figure.gs:has(table):not(.gs-steps) { break-inside: auto } figure.gs .gs-scroll { overflow: visible !important }
tr { break-inside: avoid } tr:has(th[scope=rowgroup], th:only-child) { break-after: avoid }
h2 + p:has(> em:only-child) { break-after: avoid }
figure.gs-steps { display: grid; grid-template-columns: repeat(3, 1fr); gap: .8em }
figure.gs-steps > :not(section) { grid-column: 1 / -1 }
figure.gs-steps p { font-size: .85em; margin: 0 0 .3em; min-height: 0 }
figure.gs-steps svg.gs { min-width: 0 !important; max-height: 8.5cm }
.book-answers { font-size: .92em } .book-answers p { margin: 0 0 .3em } .book-answers li { margin-bottom: .7em }
.book-answers li.recall { list-style: none } .output-elsewhere { font-size: .85em; font-style: italic; margin: .2em 0 }
.option-right::before { content: "\\2713  "; font-weight: bold } .option-wrong::before { content: "\\2717  " }
"""
_STYLES = ("styles/theme.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css")


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

    In the contents stands ``place`` of each page for the number of its first sheet, which is known once it is printed.

    Raises:
        CourseError: if the site is not built.

    """
    parts = contents(root)
    pages = {page for _, of_part in parts for page in of_part}
    articles, lines, titles = [], [], {}
    for part, of_part in parts:
        lines += [f"<li><strong>{escape(part)}</strong></li>"] if part else []
        for page in of_part:
            found = _read(root, page, pages)
            titles[page] = _title(found)
            link = f'<a href="#{name(page)}"><span>{escape(titles[page])}</span><span>{place(page)}</span></a>'
            lines.append(f"<li>{link}</li>")
            articles.append(str(found))
    styles = "".join(f'<link rel="stylesheet" href="_static/{sheet}">' for sheet in (*_STYLES, *_sheets(root)))
    book = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    html = (
        f'<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{escape(book["title"])}'
        f"</title>{styles}<style>{_CSS}{_heads(titles)}</style></head><body><main>{_title_page(book)}"
        f'<nav class="book-contents"><h1>Contents</h1><ol>{"".join(lines)}</ol></nav>{"".join(articles)}'
        "</main></body></html>"
    )
    return html, titles


def place(page: str) -> str:
    """Return what stands in the contents for the number of a page's first sheet."""
    return f"{{page {name(page)}}}"


def _title_page(book: dict[str, str]) -> str:
    torch = version("torch").partition("+")[0]
    return (
        f'<div class="title-page"><h1>{escape(book["title"])}</h1><p>{escape(book["author"])}</p>'
        f"<p>Version {version('gradstop')}, {date.today():%d %B %Y}. Executed on torch {torch}.</p>"
        "<p>Text and pictures: CC BY 4.0. Code: MIT licence.</p></div>"
    )


def _heads(titles: dict[str, str]) -> str:
    """Return the rules that print each page's title at the head of its sheets."""
    rules = []
    for page, title in titles.items():
        text = title.replace("\\", "\\\\").replace('"', '\\"')
        key = "sheet-" + re.sub(r"\W", "-", name(page))
        rules.append(f"#{_escaped(name(page))} {{ page: {key} }}")
        rules.append(f'@page {key} {{ @top-right {{ content: "{text}"; font: 9pt sans-serif; color: #555 }} }}')
    return "\n".join(rules)


def _escaped(identifier: str) -> str:
    """Return an id as a selector has it: it may begin with a digit."""
    return f"\\3{identifier[0]} {identifier[1:]}" if identifier[0].isdigit() else identifier


def _read(root: Path, page: str, pages: set[str]) -> Tag:
    path = root / SITE / f"{page}.html"
    if not path.is_file():
        raise CourseError(f"{path.relative_to(root)} is not there: run make book first.")
    found = article(path.read_text(encoding="utf-8"), page, pages)
    if found is None:
        raise CourseError(f"{path.relative_to(root)} has no article.")
    return found


def _title(found: Tag) -> str:
    heading = found.find("h1")
    return " ".join(heading.get_text().split()) if heading else ""


def _sheets(root: Path) -> list[str]:
    """Return the style sheets of cells and of the book."""
    static = root / SITE / "_static"
    return [path.name for path in sorted(static.glob("mystnb.*.css"))] + ["book.css", "claims.css", "cut.css"]
