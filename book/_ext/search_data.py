"""What the site's search knows (book/_static/site-search.js): sections, people's words for them, the clinic's messages.

``book/search-words.toml`` brings the words, and messages as other versions of torch word them.

It is a script and no JSON, so that the search works where the site is opened from a folder too.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from gradstop.authoring.clinic import INDEX, UNRAISED, clinic_pages, read_entries, unraised
from gradstop.course.sections import anchor

WORDS = Path("book", "search-words.toml")
DATA = "search-data.js"


def words(root: Path) -> dict[str, Any]:
    """Return the tables of the file of words."""
    return tomllib.loads((root / WORDS).read_text(encoding="utf-8"))


def messages(root: Path) -> list[dict[str, str]]:
    """Return each message of the clinic with its entry's title and address from the site's root."""
    other = words(root)["wordings"]
    raised = [
        {"text": text, "title": entry.heading, "href": f"book/{entry.page}.html#{anchor(entry.heading)}"}
        for page in clinic_pages(root)
        for entry in read_entries(page)
        for text in (
            *(message.line for message in entry.messages),
            *other.get(f"{entry.page}#{anchor(entry.heading)}", ()),
        )
    ]
    href = f"book/{Path(INDEX).stem}.html#{anchor(UNRAISED)}"
    return raised + [{"text": text, "title": UNRAISED, "href": href} for text in unraised(root)]


def sections(app: Sphinx) -> Iterator[dict[str, str]]:
    """Yield each section of each page: its address from the site's root, its titles, its own text.

    Raises:
        ExtensionError: where the file of words names a section that is not there.

    """
    tables = words(Path(app.srcdir))
    known = set()
    for page in sorted(app.env.found_docs):
        title = app.env.titles[page].astext()
        for section in app.env.get_doctree(page).findall(nodes.section):
            place = f"{page.removeprefix('book/')}#{section['ids'][0]}"
            is_first = not isinstance(section.parent, nodes.section)
            href = f"{page}.html" if is_first else f"{page}.html#{section['ids'][0]}"
            place = place.partition("#")[0] if is_first else place
            known.add(place)
            yield {
                "href": href,
                "page": title,
                "title": section.next_node(nodes.title).astext(),
                "words": tables["sections"].get(place, ""),
                "text": " ".join(" ".join(_texts(section)).split()),
            }
    # Of a part of the book, as a test builds it, the sections of other pages are not known.
    built = {page.removeprefix("book/") for page in app.env.found_docs}
    pages = {path.stem for path in Path(app.srcdir, "book").iterdir()}
    named = {*tables["sections"], *tables["wordings"]}
    missing = [place for place in named - known if (page := place.partition("#")[0]) in built or page not in pages]
    if unknown := sorted(missing):
        raise ExtensionError(f"{WORDS}: there is no section {', '.join(unknown)}")


def _texts(node: nodes.Node) -> Iterator[str]:
    """Yield what is written in a section: not in those inside it, not in outputs."""
    for child in node.children:
        if isinstance(child, nodes.section | nodes.title | nodes.comment | nodes.system_message):
            continue
        if isinstance(child, nodes.container) and child.get("nb_element") == "cell_code_output":
            continue
        if isinstance(child, nodes.raw):
            yield unescape(re.sub(r"<[^>]*>", " ", child.astext()))
        elif isinstance(child, nodes.TextElement):
            yield "".join(text for text in child.findall(nodes.Text) if not isinstance(text.parent, nodes.raw))
        else:
            yield from _texts(child)


def write_data(app: Sphinx, problem: Exception | None) -> None:
    """Write the data of this build."""
    if problem is None and app.builder.format == "html":
        root = Path(app.srcdir)
        data = {"sections": list(sections(app)), "messages": messages(root), "meanings": words(root)["meanings"]}
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        Path(app.outdir, "_static", DATA).write_text(f"window.searchData={text};\n", encoding="utf-8")


def add_script(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Give each page the search, which loads what it needs when somebody searches."""
    app.add_js_file("site-search.js", defer="")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the functions."""
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_data)
    return {"parallel_read_safe": True}
