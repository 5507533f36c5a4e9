"""Marks what is right and what is not: the options of a prediction, a cure and what is none.

The marks are attributes and classes; `book/_static/book.css` gives them a colour and a sign, so that neither is alone.
`book/_static/predictions.js` remembers what was predicted.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

PREDICTION = '<div class="prediction">'
NUMBER = "<input "  # what is typed is compared by the style sheet, and the answer is no option
OPTION = re.compile(r"<details>(?=<summary>.*?</summary>\s*<p>(.*?)</p>)", re.DOTALL)
RIGHT = re.compile(r"(Yes|Right)\b")
LABELS = {"Cure.": "right", "Not a cure.": "wrong"}


def marked(prediction: str) -> str:
    """Return a prediction's HTML with each of its options marked as right or wrong; a number to type has no options.

    Raises:
        ExtensionError: unless the answer to one of the options, and only one, begins with *Yes* or *Right*.

    """
    if NUMBER in prediction:
        return prediction

    def mark(option: re.Match[str]) -> str:
        return f'<details data-answer="{"right" if RIGHT.match(option[1]) else "wrong"}">'

    html = OPTION.sub(mark, prediction)
    if html.count('data-answer="right"') != 1:
        start = re.sub("<.*?>", "", prediction).strip()[:60]
        raise ExtensionError(f"One answer of a prediction begins with Yes or Right, and only one: “{start} …”")
    return html


def mark_all(app: Sphinx, doctree: nodes.document) -> None:
    """Mark a page's predictions and cures."""
    for raw in doctree.findall(nodes.raw):
        if PREDICTION in raw.astext():
            raw.children = [nodes.Text(marked(raw.astext()))]
    for label in doctree.findall(nodes.strong):
        if label.astext() in LABELS:
            label["classes"].append(f"label-{LABELS[label.astext()]}")


def add_script(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Give the script to the pages that have a prediction."""
    if PREDICTION in context.get("body", ""):
        app.add_js_file("predictions.js", defer="")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the functions."""
    app.connect("doctree-read", mark_all)
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True}
