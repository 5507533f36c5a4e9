"""What another torch gives: beside each cell and sentence that it is other for, and as a table (`other-torch`)."""

import json
import re
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
BELOW = (
    '<details class="other-torch"><summary>Different on torch {torch}</summary>'
    "<p>Of what was tried of “{sentence}” this is no longer so there: {kinds}.</p></details>"
)


def add_notes(app: Sphinx, doctree: nodes.document) -> None:
    """Say below each cell, and each text with a sentence, what is other on another version."""
    page = Path(app.env.doc2path(app.env.docname))
    name = page.relative_to(app.srcdir).as_posix()
    versions = read_versions(Path(app.srcdir))
    cells = [(torch, cell) for torch, tried in versions.items() for cell in tried.cells if cell.page == name]
    statements = [(torch, one) for torch, tried in versions.items() for one in tried.statements if one.page == name]
    if not cells and not statements:
        return
    app.env.note_dependency(str(Path(app.srcdir, FILE)))
    source = page.read_text(encoding="utf-8")
    ids = [cell["id"] for cell in json.loads(source)["cells"]] if page.suffix == ".ipynb" else []
    outputs = {ids[node["cell_index"]]: node for node in doctree.findall(nodes.container) if "cell_index" in node}
    for torch, cell in cells:
        if cell.cell in outputs:
            outputs[cell.cell] += nodes.raw("", _beside(torch, cell), format="html")
    for torch, one in reversed(statements):
        of_page = (node for node in doctree.findall(_is_text) if _plain(one.sentence) in _plain(node.astext()))
        if text := next(of_page, None):
            note = BELOW.format(torch=escape(torch), sentence=escape(one.sentence), kinds=escape("; ".join(one.kinds)))
            text.parent.insert(text.parent.index(text) + 1, nodes.raw("", note, format="html"))


def _is_text(node: nodes.Node) -> bool:
    return isinstance(node, (nodes.paragraph, nodes.raw))


def _plain(text: str) -> str:
    """Return the letters and digits of a text: a record has its sentences without markup."""
    return re.sub(r"<[^>]*>|\W", "", text)


def _beside(torch: str, difference: CellDifference) -> str:
    here, stored = (escape("\n".join(lines)) or "(nothing)" for lines in (difference.here, difference.stored))
    return BESIDE.format(torch=escape(torch), here=here, stored=stored)


class OtherTorch(SphinxDirective):
    """Write a table of the versions that were tried, and of what differs there."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        root = Path(self.env.srcdir)
        self.env.note_dependency(str(root / FILE))
        head = ("torch", "Python", *(f"{what}, and others" for what in ("cells", "answers", "statements")), "where")
        group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
        group += nodes.thead("", _row(*(nodes.paragraph(text=text) for text in head)))
        body = nodes.tbody("")
        for torch, tried in read_versions(root).items():
            others = (("cells", tried.cells), ("answers", tried.verdicts), ("statements", tried.statements))
            counts = [f"{tried.tried.get(what, 0)}, {len(found)}" for what, found in others]
            places = [
                *(_link(self.env.docname, cell.page, f", cell {cell.number}") for cell in tried.cells),
                *(nodes.Text(verdict.exercise) for verdict in tried.verdicts),
                *(_link(self.env.docname, one.page, f", “{one.sentence}”") for one in tried.statements),
            ]
            where = nodes.paragraph("", "", *[part for place in places for part in (nodes.Text("; "), place)][1:])
            body += _row(*(nodes.paragraph(text=text) for text in (torch, tried.python, *counts)), where)
        group += body
        return [nodes.table("", group)]


def _link(here: str, page: str, what: str) -> nodes.Node:
    target = {"reftype": "doc", "reftarget": "/" + page.rpartition(".")[0], "refdoc": here}
    link = addnodes.pending_xref("", refdomain="std", refexplicit=True, refwarn=True, **target)
    link += nodes.inline(text=Path(page).stem + what)
    return link


def _row(*cells: nodes.Node) -> nodes.row:
    return nodes.row("", *(nodes.entry("", cell) for cell in cells))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register both."""
    app.connect("doctree-read", add_notes)
    app.add_directive("other-torch", OtherTorch)
    return {"parallel_read_safe": True}
