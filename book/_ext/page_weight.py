"""Leaves out of each page what it does not use, so that a first visit is light and nothing points elsewhere.

Jupyter-book and the theme load everything everywhere: a script that would fetch a kernel from another host, a script of
all icons that weighs 540 KB compressed, tabs that no page has, the search index.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# An extension of jupyter-book's that the book does not use, and that writes into each page all the same.
SILENCED = "sphinx_thebe"
# What the name or the text of a file holds, and what a page's text must hold to need it.
USED_BY = {
    "thebe": None,
    "design-tabs": "sd-tab-set",
    "sphinx-design": 'class="[^"]*sd-',
    "toggle": r'class="[^"]*\b(dropdown|toggle)\b',
    "claims": 'class="claim"',
    "copybutton": 'class="highlight',
    "clipboard": 'class="highlight',
    "mystnb": 'class="cell',
}
# Before any script has run, the reader's own setting counts.
MODE, THEME = '"auto"', '(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")'


def silence(app: Sphinx, config: object) -> None:
    """Take the silenced extension's functions off all events."""
    for name, listeners in app.events.listeners.items():
        app.events.listeners[name] = [x for x in listeners if x.handler.__module__ != SILENCED]


def leave_out(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Keep the style sheets and scripts that this page uses, each once."""
    body = context.get("body", "")
    for kind in ("css_files", "script_files"):
        kept = {}
        for file in context.get(kind, []):
            name = str(getattr(file, "filename", None) or getattr(file, "attributes", {}).get("body") or file)
            if _used(name, body):
                kept.setdefault(name, file)
        context[kind] = list(kept.values())


def _used(name: str, body: str) -> bool:
    needs = [pattern for part, pattern in USED_BY.items() if part in name.lower()]
    return all(pattern and re.search(pattern, body) for pattern in needs)


def lean_head(head: str) -> str:
    """Return the theme's head without the icon script, and with the reader's own light or dark from the start."""
    head = re.sub(r"<script[^>]*fontawesome[^>]*></script>", "", head)
    head = re.sub(r'(getItem\("mode"\) \|\| )"\w*"', rf"\1{MODE}", head)
    return re.sub(r'(getItem\("theme"\) \|\| )"\w*"', lambda found: found[1] + THEME, head)


def add_filter(app: Sphinx) -> None:
    """Give the filter to the template `layout.html`."""
    app.builder.templates.environment.filters["lean_head"] = lean_head


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the functions; the last comes after the theme's own."""
    app.connect("config-inited", silence, priority=900)
    app.connect("builder-inited", add_filter)
    app.connect("html-page-context", leave_out, priority=900)
    return {"parallel_read_safe": True}
