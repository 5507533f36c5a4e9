"""How to take a page and the book with you: below each page, and named where its downloads are.

The link to the book's PDF is there when the PDF is: `make pdf` shows it (`gradstop/authoring/book_pdf`).
"""

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from gradstop.authoring.book_pdf import DOWNLOAD, HIDDEN_LINK

BOX = """<details class="get-it"><summary>Take it with you</summary>
<ul id="take-it-with-you">{source}
{link}
<li>All chapters as notebooks, to run and to change, with Python 3.11 or later:
<pre>pip install gradstop jupyterlab
gradstop {command}
jupyter lab work</pre></li>{clone}</ul></details>"""


def add_box(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Write the box below a page, and a link to it among its downloads."""
    if doctree is None or not context.get("sourcename"):
        return
    file = Path(app.env.doc2path(page))
    is_notebook = file.suffix == ".ipynb"
    commands = {"exercises": f"start {Path(page).parent.name}", "book": f"read {file.stem}"}
    what = "This page as a notebook" if is_notebook else "This page's source"
    address = context["pathto"](f"_sources/{context['sourcename']}", 1)
    repository = app.config.html_theme_options.get("repository_url")
    context["body"] += BOX.format(
        # An exercise's notebook needs its folder: its archive is under the title.
        source="" if page.startswith("exercises/") else f'<li><a href="{address}" download>{what}</a>.</li>',
        command=commands[page.split("/")[0]] if is_notebook else "read 1",
        link=HIDDEN_LINK.format(address=context["pathto"](DOWNLOAD, 1)),
        clone=f"<li>The source: <pre>git clone {escape(repository)}</pre></li>" if repository else "",
    )
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            more = {"type": "link", "url": "#take-it-with-you", "text": "the book", "label": "get-it-button"}
            group["buttons"].append(more | {"tooltip": "The PDF, and how to run the chapters", "icon": "fas fa-list"})


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the function; it comes after the theme's buttons."""
    app.connect("html-page-context", add_box, priority=850)
    return {"parallel_read_safe": True}
