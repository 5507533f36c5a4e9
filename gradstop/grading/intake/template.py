"""The notebook as it was handed out, and how a submission is put back into its form.

A submission may have lost, doubled, moved or changed anything. Its own cells are kept, in their order; what nbgrader
reads of them is the template's. Nothing here decides a score: this is what is shown, and what is run.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gradstop.course import CHECK
from gradstop.grading.intake.bounds import (
    MAX_BLANK,
    MAX_CODE,
    MAX_CODES,
    MAX_LANGUAGE,
    MAX_TEXT,
    MAX_TEXTS,
    MAX_WIDTH,
)
from gradstop.grading.intake.outputs import clean_text, is_base64
from gradstop.grading.intake.plain_files import UnreadableError

Cell = dict[str, Any]
_CELL_TYPES = ("code", "markdown", "raw")
_IMAGES = ("image/png", "image/jpeg", "image/gif")
_FILE = re.compile(r"[\w .()-]{1,200}")  # the name of a picture
# A part that is coloured as of another language, wherever it begins.
_OTHER_LANGUAGE = re.compile(r"%%(?!(?:time|timeit|capture|debug|prun|python3?|writefile|file)\b)\w")
_ATTACHED = re.compile(r"\b(attachment):([^\s)>\"']*)", re.IGNORECASE)


@dataclass(frozen=True)
class Template:
    """An assignment's notebook as it was handed out."""

    notebook: dict[str, Any]

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """The cells that nbgrader knows, by their names."""
        return {_grade_id(cell): cell for cell in self.notebook["cells"] if _grade_id(cell)}

    def refuse_another(self, submitted: list[Cell], assignment: str) -> None:
        """Let the notebook of another assignment not be graded as one in which nothing was done.

        Raises:
            UnreadableError: where none of the exercises is in it.

        """
        if self.is_of_another(submitted):
            raise UnreadableError(f"this is no notebook of {assignment}: none of its exercises is in it")

    def is_of_another(self, submitted: list[Cell]) -> bool:
        """Whether a notebook has nothing of this assignment: no exercise's cell, and no cell that defines one."""
        exercises = {mark for mark, cell in self.cells.items() if cell["metadata"]["nbgrader"]["solution"]}
        found = {_grade_id(cell).removeprefix(CHECK) for cell in submitted}
        defines = definition_of(exercises)
        return not exercises & found and not any(defines.search(text(cell)) for cell in submitted)

    def restore(self, submitted: list[Cell]) -> dict[str, Any]:
        """Return a notebook of the submission's cells, each clean and with the mark that the template gives it.

        A mark that stands more than once stays on the last cell, as in nbgrader. A locked cell has the template's
        source; what a student had in its place, which may be an answer, follows it as a cell of its own. One that is
        missing is added, and one that stood before all answers does so again.
        """
        last = {_grade_id(cell): number for number, cell in enumerate(submitted)}
        cells: list[Cell] = []
        for number, cell in enumerate(submitted):
            mark = _grade_id(cell)
            if mark not in self.cells or last[mark] != number:
                cells.append(_clean(cell))
                continue
            original = self.cells[mark]
            if not original["metadata"]["nbgrader"]["locked"]:
                cells.append(_clean({**cell, "cell_type": original["cell_type"]}, original["metadata"]))
                continue
            cells.append(_clean(original, original["metadata"]))
            if text(cell).strip() not in ("", text(original).strip()):
                cells.append(_clean(cell))
        _shorten(cells, ("markdown", "raw"), MAX_TEXTS, f"(cut: all texts have more than {MAX_TEXTS} characters)")
        self._add_missing(cells)
        self._begin_with_setup(cells)
        return {
            "cells": [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells)],
            "metadata": {k: v for k, v in self.notebook["metadata"].items() if k in ("kernelspec", "language_info")},
            "nbformat": 4,
            "nbformat_minor": 5,
        }

    def _add_missing(self, cells: list[Cell]) -> None:
        """Add each cell that students do not write after the cell that it follows in the template."""
        present = {_grade_id(cell) for cell in cells}
        before = ""
        for mark, original in self.cells.items():
            if mark not in present and (original["metadata"]["nbgrader"]["grade"] or mark in self._setup):
                place = next((i + 1 for i, cell in enumerate(cells) if _grade_id(cell) == before), len(cells))
                cells.insert(place if before else 0, _clean(original, original["metadata"]))
            before = mark

    @cached_property
    def _setup(self) -> set[str]:
        """The locked cells before all answers: what these import and use."""
        marks = list(self.cells)
        first = next((n for n, mark in enumerate(marks) if not self._is_locked(mark)), 0)
        return {mark for mark in marks[:first] if not is_check(self.cells[mark])}

    def _is_locked(self, mark: str) -> bool:
        return bool(self.cells[mark]["metadata"]["nbgrader"]["locked"])

    def _begin_with_setup(self, cells: list[Cell]) -> None:
        """Let the setup stand before the first answer again, whose names may be looked up when it is defined."""
        answers = {mark for mark in self.cells if not self._is_locked(mark)}
        first = next((n for n, cell in enumerate(cells) if _grade_id(cell) in answers), len(cells))
        cells[first:] = sorted(cells[first:], key=lambda cell: _grade_id(cell) not in self._setup)


def bare(cells: list[Cell]) -> list[Cell]:
    """Return cells of whatever form as valid ones that keep their kind, source and name."""
    return [
        {
            "id": f"cell-{number}",
            **_clean(cell, {"nbgrader": {"grade_id": _grade_id(cell)}} if _grade_id(cell) else None),
        }
        for number, cell in enumerate(cells)
    ]


def definition_of(names: Iterable[str]) -> re.Pattern[str]:
    """Return what finds a line that defines one of these names, in groups ``indent`` and ``name``.

    It takes time that grows with the text alone.
    """
    keywords, any_name = r"(?:(?:async[ \t]++def|def|class)[ \t]++)?", "|".join(map(re.escape, names))
    return re.compile(rf"^(?P<indent>[ \t]*+){keywords}(?P<name>{any_name})[ \t]*+[(:=]", re.MULTILINE)


def shorten_code(cells: list[Cell]) -> None:
    """Cut code that has run to what is shown: feedback colours it."""
    for cell in cells:
        if cell["cell_type"] == "code":
            whole = f"# (cut: the code has {len(cell['source'])} characters)"
            cell["source"] = _cut(cell["source"], MAX_CODE, whole)
            cell["source"] = _cut_lines(cell["source"])
            if other := _OTHER_LANGUAGE.search(cell["source"]):
                cell["source"] = _cut(cell["source"], other.start() + MAX_LANGUAGE, whole)
    _shorten(cells, ("code",), MAX_CODES, f"# (cut: all code has more than {MAX_CODES} characters)")


def is_check(cell: Cell) -> bool:
    """Whether the judge decides the cell's score: it checks an exercise, and the student does not write it."""
    mark = cell["metadata"].get("nbgrader") or {}
    return bool(mark.get("grade") and mark.get("locked", True) and not mark.get("solution"))


def exercise_of(cell: Cell) -> str:
    """Return the exercise that a check cell is about."""
    return str(cell["metadata"]["nbgrader"]["grade_id"]).removeprefix(CHECK)


def text(cell: Cell) -> str:
    """Return a cell's source, which may be a list of lines."""
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    whole = "".join(line for line in lines if isinstance(line, str))
    return whole.encode(errors="replace").decode()  # half a surrogate pair can be neither run nor written


def _grade_id(cell: Cell) -> str:
    metadata = cell.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = mark.get("grade_id") if isinstance(mark, dict) else None
    return name if isinstance(name, str) else ""


def _clean(cell: Cell, metadata: dict[str, Any] | None = None) -> Cell:
    """Return a cell with nothing in it but what is shown or run."""
    kind = cell.get("cell_type")
    kind = kind if kind in _CELL_TYPES else "raw"
    clean: Cell = {"cell_type": kind, "metadata": metadata or {}, "source": text(cell)}
    if kind == "code":
        return {**clean, "execution_count": None, "outputs": []}
    source = _cut(clean["source"], MAX_TEXT, f"(cut: the text has {len(clean['source'])} characters)")
    clean["source"] = clean_text(source)
    if kind == "raw":
        return clean
    attached, shown = _attached(cell), dict[str, dict[str, str]]()

    def once(found: re.Match[str]) -> str:
        """Let a picture show at its first place: one that is not there would end the feedback, which holds each."""
        name = found[2]
        if name not in attached or name in shown:
            return f"{found[1]}\N{ZERO WIDTH SPACE}:{name}"
        shown[name] = attached[name]
        return found[0]

    clean["source"] = _ATTACHED.sub(once, clean["source"])
    return {**clean, "attachments": shown}


def _shorten(cells: list[Cell], kinds: tuple[str, ...], left: int, note: str) -> None:
    """Cut the cells of these kinds where all together are too long."""
    for cell in cells:
        if cell["cell_type"] in kinds:
            whole = len(cell["source"])
            cell["source"] = _cut(cell["source"], left, note)
            left -= min(whole, left)


def _cut_lines(source: str) -> str:
    """Return code without lines that are too long, and with few blank ones in a row."""
    kept, blank = list[str](), 0
    for line in source.splitlines():
        blank = 0 if line.strip() else blank + 1
        if blank <= MAX_BLANK:
            kept.append(line if len(line) <= MAX_WIDTH else f"{line[:MAX_WIDTH]} # (cut: {len(line)} characters)")
    shorter = "\n".join(kept)
    return shorter if len(shorter) < len(source.rstrip()) else source


def _cut(source: str, most: int, note: str) -> str:
    """Return the beginning of a source, with a note where there is more of it."""
    return source if len(source) <= most else f"{source[:most]}\n\n{note}"


def _attached(cell: Cell) -> dict[str, dict[str, str]]:
    """Return the pictures that a text shows."""
    attachments = cell.get("attachments")
    if not isinstance(attachments, dict):
        return {}
    pictures = {
        name: {kind: data for kind, data in bundle.items() if kind in _IMAGES and is_base64(data)}
        for name, bundle in attachments.items()
        if isinstance(name, str) and _FILE.fullmatch(name) and isinstance(bundle, dict)
    }
    return {name: bundle for name, bundle in pictures.items() if bundle}
