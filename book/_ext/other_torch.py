"""What another torch gives: beside each cell where it is another output, and as a table (`other-torch`)."""

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from gradstop.course.torch_versions import FILE, CellDifference, read_versions

BESIDE = (
    '<details class="other-torch"><summary>Another one on torch {torch}</summary><pre>{here}</pre>'
    "<p>in the place of</p><pre>{stored}</pre></details>"
)


def add_notes(app: Sphinx, doctree: nodes.document) -> None:
    """Say below each cell that gives something else on another version what it gives there."""
    page = Path(app.env.doc2path(app.env.docname))
    name = page.relative_to(app.srcdir).as_posix()
    found = [
        (torch, cell)
        for torch, tried in read_versions(Path(app.srcdir)).items()
        for cell in tried.cells
        if cell.page == name
    ]
    if not found:
        return
    app.env.note_dependency(str(Path(app.srcdir, FILE)))
    ids = [cell["id"] for cell in json.loads(page.read_text(encoding="utf-8"))["cells"]]
    cells = {ids[node["cell_index"]]: node for node in doctree.findall(nodes.container) if "cell_index" in node}
    for torch, difference in found:
        if difference.cell in cells:
            cells[difference.cell] += nodes.raw("", _beside(torch, difference), format="html")


def _beside(torch: str, difference: CellDifference) -> str:
    here, stored = (escape("\n".join(lines)) or "(nothing)" for lines in (difference.here, difference.stored))
    return BESIDE.format(torch=escape(torch), here=here, stored=stored)


class OtherTorch(SphinxDirective):
    """Write a table of the versions that were tried, and of the cells and verdicts that are others there."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        root = Path(self.env.srcdir)
        self.env.note_dependency(str(root / FILE))
        head = ("torch", "Python", "cells tried, and others", "answers tried, and other verdicts", "where")
        group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
        group += nodes.thead("", _row(*(nodes.paragraph(text=text) for text in head)))
        body = nodes.tbody("")
        for torch, tried in read_versions(root).items():
            counts = [f"{tried.tried['cells']}, {len(tried.cells)}", f"{tried.tried['answers']}, {len(tried.verdicts)}"]
            places = [*_places(tried.cells), *(nodes.Text(verdict.exercise) for verdict in tried.verdicts)]
            where = nodes.paragraph("", "", *[part for place in places for part in (nodes.Text("; "), place)][1:])
            body += _row(*(nodes.paragraph(text=text) for text in (torch, tried.python, *counts)), where)
        group += body
        return [nodes.table("", group)]


def _places(cells: list[CellDifference]) -> Iterator[nodes.Node]:
    for cell in cells:
        target = "/" + cell.page.removesuffix(".ipynb")
        link = addnodes.pending_xref(
            "", refdomain="std", reftype="doc", reftarget=target, refexplicit=True, refwarn=True, refdoc=""
        )
        link += nodes.inline(text=f"{Path(cell.page).stem}, cell {cell.number}")
        yield link


def _row(*cells: nodes.Node) -> nodes.row:
    return nodes.row("", *(nodes.entry("", cell) for cell in cells))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both."""
    app.connect("doctree-read", add_notes)
    app.add_directive("other-torch", OtherTorch)
    return {"parallel_read_safe": True}
