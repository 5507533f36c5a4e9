"""Reads a submission: a notebook of whatever encoding, and the files beside it. Nothing in it is trusted."""

import json
import os
import re
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from gradstop.grading.intake.bounds import (
    MAX_CELLS,
    MAX_ENTRIES,
    MAX_FILES_SIZE,
    MAX_NOTEBOOK,
    MAX_VALUES,
)
from gradstop.grading.intake.plain_files import (
    UnreadableError,
    beside,
    decode,
    is_plain,
    name_below,
    names_in,
    printable,
    read_plain,
    what_it_is,
)
from gradstop.grading.intake.student_name import wrong_with_name
from gradstop.grading.intake.timestamp import read_timestamp

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{,]', re.DOTALL)  # a string, or what comes before a value


class NothingHandedInError(UnreadableError):
    """A student has no folder for this assignment."""


@dataclass(frozen=True)
class Submission:
    """One student's submission: the notebook's bytes, and the files beside it by name, ``data/rows.csv`` below it."""

    student: str
    notebook: bytes
    files: dict[str, bytes]

    def fingerprint(self, version: str) -> str:
        """Return what changes if and only if this submission, or the ``version`` of what judges it, changes."""
        digest = sha256(version.encode())
        beside = [part for name, data in sorted(self.files.items()) for part in (name.encode(errors="replace"), data)]
        for part in (self.notebook, *beside):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()


def read_submission(student: str, notebook: Path) -> Submission:
    """Read a submission from its folder: the notebook and the plain files beside and below it, links left out.

    Raises:
        UnreadableError: where there is no notebook of this name, it is too large, or the student's name is none.

    """
    folder = notebook.parent
    if wrong := wrong_with_name(student):
        raise UnreadableError(f"the folder's name {student!r} {wrong}: rename it")
    try:
        refuse_odd_folder(folder)
    except NothingHandedInError as missing:
        if misplaced := _misplaced(notebook):
            raise UnreadableError(
                f"{missing}, but {student}/{misplaced}: put the notebook into {folder.name}"
            ) from None
        raise
    if os.path.lexists(notebook) and not is_plain(notebook):
        what = "a link, which may lead to another's" if notebook.is_symlink() else "a folder, a pipe or a device"
        raise UnreadableError(f"{notebook.name} is {what}: put the notebook itself there")
    if not is_plain(notebook):
        raise UnreadableError(f"{notebook.name} is expected, there is {names_in(folder)}")
    size = notebook.stat().st_size
    if size > MAX_NOTEBOOK:
        raise UnreadableError(f"{notebook.name} has {size / 1e6:.0f} MB: clear its outputs and hand it in again")
    try:
        read_timestamp(folder)
        files = {name_below(folder, path): read_plain(path, MAX_FILES_SIZE) for path in beside(notebook)[0]}
        return Submission(student, read_plain(notebook, MAX_NOTEBOOK), files)
    except OSError as error:
        name = Path(error.filename or notebook).name
        raise UnreadableError(f"{printable(name)} cannot be read: {error.strerror}") from None


def _misplaced(notebook: Path) -> str:
    """Return what may have been meant for a folder that is not there: one of a like name, or the notebook beside it."""
    folder = notebook.parent
    meant = {_letters(folder.name), _letters(notebook.stem)}
    student = folder.parent
    found = sorted(islice(student.iterdir(), MAX_ENTRIES)) if student.is_dir() else []
    return next((printable(path.name) for path in found if _letters(path.name.partition(".")[0]) in meant), "")


def _letters(name: str) -> str:
    return "".join(filter(str.isalpha, name.casefold()))


def refuse_odd_folder(folder: Path) -> None:
    """Refuse a student's folder for an assignment that is a link, cannot be listed, or whose list would be long.

    Raises:
        UnreadableError: that says which.

    """
    name = f"{folder.parent.name}/{folder.name}"
    for shown, place in ((folder.parent.name, folder.parent), (name, folder)):
        if place.is_symlink():
            raise UnreadableError(f"{shown} is a link, which may lead to another's: put a folder there")
    if not os.path.lexists(folder):
        raise NothingHandedInError(f"there is no folder {name}")
    if not folder.is_dir():
        raise UnreadableError(f"{name} is a file, a pipe or a device: put a folder there")
    try:
        with os.scandir(folder) as entries:
            many = sum(1 for _ in islice(entries, MAX_ENTRIES + 1)) > MAX_ENTRIES
    except OSError as error:
        raise UnreadableError(f"{name} cannot be read: {error.strerror}") from None
    if many:
        raise UnreadableError(f"{name} holds more than {MAX_ENTRIES} files: take away what is not needed")


def read_cells(data: bytes, name: str) -> list[dict[str, Any]]:
    """Return the cells of a notebook.

    Raises:
        UnreadableError: that says where it is damaged.

    """
    cells: list[dict[str, Any]] = read_notebook(data, name)["cells"]
    return cells


def read_notebook(data: bytes, name: str) -> dict[str, Any]:
    """Return a notebook that has a list of cells.

    Raises:
        UnreadableError: that says where it is damaged.

    """
    if len(data) > MAX_NOTEBOOK:
        raise UnreadableError(f"{name} has {len(data) / 1e6:.0f} MB: clear its outputs and hand it in again")
    text = decode(data).rstrip("\0")  # a disk that was full or cut off leaves these
    _refuse_many_values(text, name)
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        if what := what_it_is(data):
            raise UnreadableError(f"{name} is {what}") from None
        raise UnreadableError(
            f"{name}, line {error.lineno}: {error.msg}. The file is damaged: ask for it again"
        ) from None
    except (ValueError, RecursionError):
        raise UnreadableError(f"{name} is damaged, and no notebook: ask for it again") from None
    if isinstance(notebook, dict) and "worksheets" in notebook:
        notebook = {"cells": _cells_of_worksheets(notebook["worksheets"])}
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        keys = [repr(printable(key, 20)) for key in islice(notebook, 3)] if isinstance(notebook, dict) else []
        there = f", but {', '.join(keys)}" if keys else ""
        raise UnreadableError(f"{name} is no notebook: it has no list of cells{there}. Ask for the .ipynb itself")
    if len(cells) > MAX_CELLS:
        raise UnreadableError(f"{name} has {len(cells)} cells, more than {MAX_CELLS}")
    return dict(notebook)


def _refuse_many_values(text: str, name: str) -> None:
    """Refuse JSON of very many values before it is read: an empty list of two bytes takes 64.

    Raises:
        UnreadableError: where it has more than ``MAX_VALUES``.

    """
    if text.count(",") + text.count("[") + text.count("{") <= MAX_VALUES:
        return
    found = (one for one in _TOKEN.finditer(text) if not one[0].startswith('"'))
    if next(islice(found, MAX_VALUES, None), None) is not None:
        raise UnreadableError(f"{name} has more than {MAX_VALUES} values: clear its outputs and hand it in again")


def _cells_of_worksheets(sheets: Any) -> list[Any]:
    """Return the cells of a notebook of the format before 2015; nbformat's converter has no bound."""
    listed = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)] if isinstance(sheets, list) else []
    return [_upgraded(cell) for cells in listed if isinstance(cells, list) for cell in cells]


def _upgraded(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    kind, source = cell.get("cell_type"), cell.get("input" if cell.get("cell_type") == "code" else "source", "")
    if kind == "heading":
        kind, source = "markdown", [f"{'#' * ((cell.get('level') in range(2, 7) and cell['level']) or 1)} ", *source]
    return {"cell_type": kind, "metadata": cell.get("metadata"), "source": source}
