"""Gives the search page the error clinic's messages, for book/_static/clinic-search.js to find a pasted one in."""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from gradstop.authoring.clinic import INDEX, UNRAISED, clinic_pages, read_entries, unraised
from gradstop.course.sections import anchor


def messages(root: Path) -> list[dict[str, str]]:
    """Return each message with its entry's title and address, as seen from the search page."""
    raised = [
        {"text": message.line, "title": entry.heading, "href": f"book/{entry.page}.html#{anchor(entry.heading)}"}
        for page in clinic_pages(root)
        for entry in read_entries(page)
        for message in entry.messages
    ]
    href = f"book/{Path(INDEX).stem}.html#{anchor(UNRAISED)}"
    return raised + [{"text": text, "title": UNRAISED, "href": href} for text in unraised(root)]


def add_messages(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Write them into the search page."""
    if page == "search":
        table = json.dumps(messages(Path(app.srcdir)), ensure_ascii=False).replace("<", "\\u003c")
        head = f'<script type="application/json" id="clinic-messages">{table}</script>'
        context["page_head"] = context.get("page_head", "") + head
        app.add_js_file("clinic-search.js", defer="")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the function."""
    app.connect("html-page-context", add_messages)
    return {"parallel_read_safe": True}
