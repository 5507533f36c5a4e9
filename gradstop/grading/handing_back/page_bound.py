"""Bounds what a page shows of one graded notebook: its cells, outputs, and what makes an element of HTML in them.

nbconvert takes about as long for each element, whatever it is, and the class waits while a page is made. The notebook
itself stays as it is.
"""

import re
from itertools import islice
from typing import Any

from nbformat import NotebookNode, v4
from nbgrader.preprocessors import NbGraderPreprocessor

from gradstop.grading.intake.bounds import MAX_PARTS, PARTS_OF_EACH
from gradstop.grading.intake.template import is_check

_CELL, _OUTPUT = 20, 10  # parts
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")  # of code: nearly each is an element
_MARK = re.compile(r"[^\w\s]|\n")  # of Markdown, whose words are none
_FENCE = re.compile("```|~~~")  # what stands between two is coloured as code
_SIGN = re.compile("[<>&\"']")  # twenty take as long as an element
NO_ROOM = "the page would be too long. The notebook itself has all"


class ShowNotTooMuch(NbGraderPreprocessor):  # type: ignore[misc]
    """Leaves out what a page has no room for, with a note: first what belongs to no exercise, from the end on."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Cut the notebook that is shown."""
        graded = [cell for cell in nb.cells if "nbgrader" in cell.metadata]
        page = _Page(MAX_PARTS + PARTS_OF_EACH * sum(map(is_check, graded)))
        for cell in graded:
            if not is_check(cell):  # that shows what the judge has found
                page.show(cell)
        shown = [cell for cell in nb.cells if "nbgrader" in cell.metadata or page.show(cell)]
        if left_out := len(nb.cells) - len(shown):
            shown.append(v4.new_markdown_cell(f"*({left_out} more cells are not shown: {NO_ROOM}.)*"))
        nb.cells = shown
        return nb, resources


class _Page:
    """A page, with room for so many parts."""

    def __init__(self, room: float) -> None:
        self._left = room

    def show(self, cell: NotebookNode) -> bool:
        """Cut a cell to the room that is left; return whether there was any."""
        is_code, room = cell.cell_type == "code", self._left - _CELL
        part, each = (_TOKEN, 1) if is_code or _FENCE.search(cell.source) else (_MARK, 2)
        end = next(islice(part.finditer(cell.source), max(0, int(room / each)), None), None)
        self._left = max(0, room - each * len(part.findall(cell.source)))
        if end is not None:
            cell.source = f"{cell.source[: end.start()]}\n\n{'# ' * is_code}(cut: {NO_ROOM}.)"
        if is_code:
            cell.outputs = self._shown(cell.outputs)
        return room >= 0

    def _shown(self, outputs: list[NotebookNode]) -> list[NotebookNode]:
        for number, output in enumerate(outputs):
            self._left -= _parts(output)
            if self._left < 0:
                self._left = 0
                note = f"({len(outputs) - number} outputs are not shown: {NO_ROOM}.)\n"
                return [*outputs[:number], v4.new_output("stream", text=note)]
        return outputs


def _parts(output: NotebookNode) -> float:
    """Return how many parts an output makes: an element for each tag and each change of a colour, and its signs."""
    data = output.get("data", {})
    texts = [output.get("text", ""), "\n".join(output.get("traceback", ())), *data.values()]
    signs = sum(_signs(text) for text in texts if isinstance(text, str))
    return float(_OUTPUT + signs + data.get("text/html", "").count("<") / 2)


def _signs(text: str) -> float:
    """Return how many parts a text's signs make; with each change of a colour all that follows is copied."""
    return len(_SIGN.findall(text)) / 20 + text.count("\x1b") * (1 + len(text) / 100_000)
