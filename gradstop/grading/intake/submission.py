"""Reads a submission: a notebook of whatever encoding, and the files beside it. Nothing in it is trusted."""

import json
import os
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, convert, from_dict

from gradstop.grading.intake.plain_files import UnreadableError, decode, is_plain, names_in, printable, what_it_is
from gradstop.grading.intake.student_name import wrong_with_name
from gradstop.grading.intake.timestamp import read_timestamp

MAX_NOTEBOOK = 20_000_000  # bytes
MAX_FILES_SIZE = 20_000_000  # bytes, all files beside the notebook
MAX_CELLS = 2_000
MAX_FILES = 200
MAX_ENTRIES = 10_000  # of a folder that is listed


class NothingHandedInError(UnreadableError):
    """A student has no folder for this assignment."""


@dataclass(frozen=True)
class Submission:
    """One student's submission: the notebook's bytes, and the files beside it by name."""

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
    """Read a submission from its folder: the notebook and the plain files beside it, links and devices left out.

    Raises:
        UnreadableError: where there is no notebook of this name, it is too large, or the student's name is none.

    """
    folder = notebook.parent
    if wrong := wrong_with_name(student):
        raise UnreadableError(f"the folder's name {student!r} {wrong}: rename it")
    if folder.parent.is_symlink():
        raise UnreadableError(f"{student} is a link, which may lead to another's: put a folder there")
    if folder.is_symlink():
        raise UnreadableError(f"{student}/{folder.name} is a link, which may lead to another's: put a folder there")
    if not folder.is_dir():
        missing = f"there is no folder {student}/{folder.name}"
        if misplaced := _misplaced(notebook):
            raise UnreadableError(f"{missing}, but {student}/{misplaced}: put the notebook into {folder.name}")
        raise NothingHandedInError(missing)
    _refuse_many(folder)
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
        return Submission(
            student, notebook.read_bytes(), {_name(path): path.read_bytes() for path in beside(notebook)[0]}
        )
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


def _refuse_many(folder: Path) -> None:
    """Refuse a folder that cannot be listed, or whose list would be long.

    Raises:
        UnreadableError: that says which.

    """
    name = f"{folder.parent.name}/{folder.name}"
    try:
        with os.scandir(folder) as entries:
            many = sum(1 for _ in islice(entries, MAX_ENTRIES + 1)) > MAX_ENTRIES
    except OSError as error:
        raise UnreadableError(f"{name} cannot be read: {error.strerror}") from None
    if many:
        raise UnreadableError(f"{name} holds more than {MAX_ENTRIES} files: take away what is not needed")


def beside(notebook: Path) -> tuple[list[Path], list[str]]:
    """Return the files beside a notebook that a program may want, few and small ones, and what is left out and why."""
    taken, left_out, left = list[Path](), list[str](), MAX_FILES_SIZE
    folder = notebook.parent
    for path in sorted(islice(folder.iterdir(), MAX_ENTRIES)) if folder.is_dir() and not folder.is_symlink() else []:
        why = ""
        if not is_plain(path):
            why = "a folder" if path.is_dir() and not path.is_symlink() else "a link, a pipe or a device"
        elif path.suffix == ".ipynb":
            why = "another notebook"
        elif len(taken) >= MAX_FILES or (left := left - path.stat().st_size) < 0:
            why = f"more than {MAX_FILES} files, or {MAX_FILES_SIZE / 1e6:.0f} MB"
        else:
            taken.append(path)
        if why and path.name != notebook.name and not path.name.startswith("."):
            left_out.append(f"{printable(path.name)} ({why})")
    return taken, left_out


def _name(path: Path) -> str:
    return os.fsencode(path.name).decode(errors="replace")


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
    try:
        notebook = json.loads(decode(data))
    except json.JSONDecodeError as error:
        if what := what_it_is(data):
            raise UnreadableError(f"{name} is {what}") from None
        raise UnreadableError(
            f"{name}, line {error.lineno}: {error.msg}. The file is damaged: ask for it again"
        ) from None
    except (ValueError, RecursionError):
        raise UnreadableError(f"{name} is damaged, and no notebook: ask for it again") from None
    if isinstance(notebook, dict) and "worksheets" in notebook:
        notebook = _upgraded(notebook, name)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        keys = [repr(printable(key, 20)) for key in islice(notebook, 3)] if isinstance(notebook, dict) else []
        there = f", but {', '.join(keys)}" if keys else ""
        raise UnreadableError(f"{name} is no notebook: it has no list of cells{there}. Ask for the .ipynb itself")
    if len(cells) > MAX_CELLS:
        raise UnreadableError(f"{name} has {len(cells)} cells, more than {MAX_CELLS}")
    return dict(notebook)


def _upgraded(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    """Bring a notebook of the format before 2015 up to date."""
    try:
        found: NotebookNode = convert(from_dict(notebook), 4)
    except Exception as error:  # the converter raises what it meets
        raise UnreadableError(f"{name} is of an old format that cannot be read: {error}") from None
    return dict(found)
