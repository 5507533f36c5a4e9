"""A Sphinx directive, `versions`: a table of the packages that this build was made with."""

import platform
from datetime import date
from importlib.metadata import version

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PACKAGES = ["torch", "numpy", "jupyter-book", "nbgrader", "nbval", "matplotlib"]


class Versions(SphinxDirective):
    """Write a table with the version of Python and of each package."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        rows = [("Python", platform.python_version()), *((name, version(name)) for name in PACKAGES)]
        group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in range(2)), cols=2)
        group += nodes.thead("", _row("package", "version"))
        group += nodes.tbody("", *(_row(*row) for row in rows))
        return [nodes.table("", group)]


def _row(*cells: str) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph(text=cell)) for cell in cells))


def say_in_footer(app: Sphinx) -> None:
    """Let each page say with which torch, and when, it was executed."""
    said = f"Executed on torch {version('torch').partition('+')[0]}, {date.today():%d %B %Y}."
    app.builder.theme_options["extra_footer"] = f'<p class="executed">{said}</p>'


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the footer."""
    app.connect("builder-inited", say_in_footer)
    app.add_directive("versions", Versions)
    return {"parallel_read_safe": True}
