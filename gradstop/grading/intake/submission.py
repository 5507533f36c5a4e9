"""Reads a submission: a notebook of whatever encoding, and the files beside it. Nothing in it is trusted."""

import json
import os
from dataclasses import dataclass
from hashlib import sha256
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
    if folder.is_symlink():
        raise UnreadableError(f"{student}/{folder.name} is a link, which may lead to another's: put a folder there")
    if not folder.is_dir():
        raise NothingHandedInError(f"there is no folder {student}/{folder.name}")
    if os.path.lexists(notebook) and not is_plain(notebook):
        what = "a link, which may lead to another's" if notebook.is_symlink() else "a folder, a pipe or a device"
        raise UnreadableError(f"{notebook.name} is {what}: put the notebook itself there")
    if not is_plain(notebook):
        raise UnreadableError(f"{notebook.name} is expected, there is {names_in(folder)}")
    size = notebook.stat().st_size
    if size > MAX_NOTEBOOK:
        raise UnreadableError(f"{notebook.name} has {size / 1e6:.0f} MB: clear its outputs and hand it in again")
    read_timestamp(folder)
    try:
        return Submission(
            student, notebook.read_bytes(), {_name(path): path.read_bytes() for path in beside(notebook)[0]}
        )
    except OSError as error:
        raise UnreadableError(f"{notebook.name} cannot be read: {error.strerror}") from None


def beside(notebook: Path) -> tuple[list[Path], list[str]]:
    """Return the files beside a notebook that a program may want, few and small ones, and what is left out and why."""
    taken, left_out, left = list[Path](), list[str](), MAX_FILES_SIZE
    folder = notebook.parent
    for path in sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []:
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
        raise UnreadableError(f"{name} is no notebook: it has no list of cells")
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
