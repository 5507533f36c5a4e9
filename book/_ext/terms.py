"""The glossary's words on all pages: the first use of each leads to its entry, and its definition shows beside it.

The words are links, so that they work without a script; `book/_static/terms.js` shows the definition.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

GLOSSARY = "book/glossary"
DATA = "glossary-data.js"
# Words that mean something else in many a sentence, and verbs that are seldom used as they stand in the glossary.
NOT_MARKED = {"Backward", "Cut", "Detach", "Fill", "Free", "Record", "Rank", "Target", "Freeze", "Constant"}
OTHER_FORMS = {"Leaf": "leaves", "Alias": "aliases", "History": "histories", "Accumulate": "accumulates|accumulated"}
NO_PROSE = nodes.title | nodes.literal | nodes.literal_block | nodes.reference | nodes.raw | nodes.caption | nodes.term


@dataclass(frozen=True)
class Entry:
    """A word of the glossary, the name of its section, and its definition."""

    word: str
    place: str
    definition: str


@cache
def entries(app: Sphinx) -> tuple[Entry, ...]:
    """Return the glossary's entries. A definition is the first paragraph without the link to a chapter."""
    found = []
    for section in app.env.get_doctree(GLOSSARY).findall(nodes.section):
        if isinstance(section.parent, nodes.section):
            text = " ".join(section.next_node(nodes.paragraph).astext().split())
            definition = re.split(r"(?<=[.)]) (?=\w+ in |Chapter \d)", text)[0]
            found.append(Entry(section.next_node(nodes.title).astext(), section["ids"][0], definition))
    return tuple(found)


def forms(word: str) -> str:
    """Return a pattern for a word as it stands in a sentence."""
    return rf"\b(?:{re.escape(word.lower())}s?|{OTHER_FORMS.get(word, word.lower())})\b"


def mark(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Let the first use of each word on a page lead to the glossary."""
    if GLOSSARY not in app.env.found_docs or page == GLOSSARY or app.builder.format != "html":
        return
    ids = {entry.word: entry.place for entry in entries(app)}
    left = {word for word in ids if word not in NOT_MARKED}
    address = app.builder.get_relative_uri(page, GLOSSARY)
    for text in list(_prose(doctree)):
        # The longest first: a graph break is no graph.
        longest = sorted(left, key=len, reverse=True)
        found = re.search("|".join(f"({forms(word)})" for word in longest), text) if left else None
        if not found:
            continue
        word = longest[found.lastindex - 1]
        left.remove(word)
        link = nodes.reference("", found[0], internal=True, refuri=f"{address}#{ids[word]}", classes=["term"])
        parts = [nodes.Text(text[: found.start()]), link, nodes.Text(text[found.end() :])]
        text.parent.replace(text, parts)


def _prose(doctree: nodes.document) -> Iterator[nodes.Text]:
    """Yield the texts of sentences: of paragraphs in sections and lists, not of titles, links, code or tables."""
    for text in doctree.findall(nodes.Text):
        above, inside = text.parent, False
        while above is not None and not isinstance(above, NO_PROSE | nodes.table):
            inside = inside or isinstance(above, nodes.paragraph)
            above = above.parent
        if above is None and inside:
            yield text


def write_data(app: Sphinx, problem: Exception | None) -> None:
    """Write the definitions by the names of their sections."""
    if problem is None and app.builder.format == "html" and GLOSSARY in app.env.found_docs:
        data = {entry.place: entry.definition for entry in entries(app)}
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        Path(app.outdir, "_static", DATA).write_text(f"window.glossary={text};\n", encoding="utf-8")


def add_script(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Give the script to the pages that have a link to the glossary's entries."""
    if page != GLOSSARY and "glossary.html#" in context.get("body", ""):
        app.add_js_file("terms.js", defer="")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the functions."""
    app.connect("doctree-resolved", mark)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_data)
    return {"parallel_read_safe": True}
