"""Another order of a page's sections on the site than in its notebook, where what is used must be run before.

A section that holds the comment `<!-- last on the page -->` comes after the others.
"""

from docutils import nodes
from sphinx.application import Sphinx

COMMENT = "<!-- last on the page -->"


def reorder(app: Sphinx, doctree: nodes.document) -> None:
    """Move a page's sections that say so to its end, in their own order."""
    for comment in [raw for raw in doctree.findall(nodes.raw) if raw.astext().strip() == COMMENT]:
        section = comment.parent
        section.remove(comment)
        page = section.parent
        page.remove(section)
        page.append(section)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the function, before the page's contents are read."""
    app.connect("doctree-read", reorder, priority=100)
    return {"parallel_read_safe": True}
