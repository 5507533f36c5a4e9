"""What is said of a page to those who link to it: description, title and picture; and a list of all pages.

Picture and list need whole addresses: they are there when `html.baseurl` in _config.yml says where the site stands.
"""

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

PICTURE = "_static/preview.png"  # made by gradstop/authoring/social_card.py
LONGEST = 200
NOT_FOUND = """<section><h1>Page not found</h1><p>There is no page at this address.
Its name may have changed: <a href="search.html">search the book</a>, look it up in
<a href="book/errors.html">the error clinic</a>, or begin at
<a href="book/index.html">the front page</a>.</p></section>"""


def describe(doctree: nodes.document | None) -> str:
    """Return the page's first paragraph, cut at a word."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else []
    first = next((text for text in paragraphs if not isinstance(text.parent, nodes.entry)), None)
    text = " ".join(first.astext().split()) if first else ""
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"


def add_head(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Write the description and the link preview into the page's head."""
    tags = {"og:type": "article", "og:site_name": app.config.html_title, "og:title": context.get("title", "")}
    description = describe(doctree) or f"{_plain(context.get('title', page))}: {app.config.html_title}"
    tags["og:description"] = description
    if address := app.config.html_baseurl.rstrip("/"):
        tags |= {"og:url": f"{address}/{page}.html", "og:image": f"{address}/{PICTURE}"}
        tags |= {
            "og:image:alt": "A drawing of an autograd graph with a cut in it",
            "twitter:card": "summary_large_image",
        }
    lines = [f'<meta name="description" content="{escape(description)}" />']
    lines += [f'<meta property="{name}" content="{escape(_plain(value))}" />' for name, value in tags.items()]
    context["page_head"] = context.get("page_head", "") + "\n".join(lines)


def _plain(text: str) -> str:
    return re.sub(r"<[^>]*>", "", nodes.unescape(text)) if "<" in text else text


def not_found(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the page that a host shows where there is none; wherever that is, its links start at the site's root."""
    root = app.config.html_baseurl.rstrip("/") + "/"
    yield "404", {"title": "Page not found", "body": NOT_FOUND, "page_base": f'<base href="{root}">'}, "page.html"


def write_list(app: Sphinx, problem: Exception | None) -> None:
    """Write sitemap.xml, for search engines."""
    address = app.config.html_baseurl.rstrip("/")
    if address and problem is None:
        pages = "".join(
            f"<url><loc>{escape(f'{address}/{page}.html')}</loc></url>\n" for page in sorted(app.env.found_docs)
        )
        text = '<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        Path(app.outdir, "sitemap.xml").write_text(f"{text}{pages}</urlset>\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the functions."""
    app.connect("html-page-context", add_head, priority=700)
    app.connect("html-collect-pages", not_found)
    app.connect("build-finished", write_list)
    return {"parallel_read_safe": True}
