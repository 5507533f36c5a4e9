"""A learner's own copies of the assignments and the book's pages, which an update never overwrites.

They lie in ``work/``, the assignments beside ``book/``; links between them are made to fit.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from gradstop.course import Assignment
from gradstop.course.files import BOOK, EXERCISES, WORK
from gradstop.course.named import named
from gradstop.course.student_files import book_folder, exercises_folder

_TEXTS = ("cheat-sheet.md", "errors.md", "glossary.md", "notation.md")  # that notebooks lead to
_COPIED = ".copied.json"  # the digest of each page as it was copied: what is still so can be renewed


def start(root: Path, name: str) -> str:
    """Copy an assignment to ``work/NAME``; where it is already, renew all but the notebook. Return what was done.

    Raises:
        CourseError: where there is no such assignment.

    """
    exercises = exercises_folder(root)
    name = named(name, sorted(path.parent.name for path in exercises.glob("*/cases.py")), "assignment")
    source, copy = Assignment(exercises / name), Assignment(root / WORK / name)
    kept = copy.notebook.is_file()
    copy.folder.mkdir(parents=True, exist_ok=True)
    for path in source.folder.iterdir():
        if path.is_file() and path.name != source.notebook.name:
            shutil.copy(path, copy.folder)
    if not kept:
        copy.notebook.write_bytes(source.notebook.read_bytes().replace(b"(../../book/", b"(../book/"))
    for _ in _copy_pages(root):
        pass
    place = copy.notebook.relative_to(root)
    return f"{place}: your answers are kept, the cases are renewed" if kept else f"{place}: open it and begin"


def read(root: Path, name: str) -> str:
    """Copy the book's pages to ``work/book`` and return where the page is that was asked for.

    A page that was changed since it was copied stays as it is.

    Raises:
        CourseError: where there is no such page.

    """
    pages = sorted(path.stem for path in book_folder(root).glob("*.ipynb"))
    name = named(name, pages, "page")
    changed = list(_copy_pages(root))
    page = Path(WORK, BOOK, f"{name}.ipynb")
    if name not in changed:
        return f"{page}: open it, for example with: jupyter lab {page}"
    return f"{page}: your copy is kept, as you have changed it; move it away, and you get the book's page anew"


def _copy_pages(root: Path) -> Iterator[str]:
    """Copy each page that is missing, or as it was copied; yield the names of the others."""
    source, target = book_folder(root), root / WORK / BOOK
    target.mkdir(parents=True, exist_ok=True)
    known = target / _COPIED
    copied: dict[str, str] = json.loads(known.read_text()) if known.is_file() else {}
    renewed = []
    for path in sorted([*source.glob("*.ipynb"), *(source / text for text in _TEXTS)]):
        copy, content = target / path.name, path.read_bytes().replace(f"(../{EXERCISES}/".encode(), b"(../")
        if copy.is_file() and _digest(copy.read_bytes()) not in (copied.get(path.name), _digest(content)):
            yield path.stem
            continue
        if not copy.is_file() or copy.read_bytes() != content:
            copy.write_bytes(content)
            renewed.append(copy)
        copied[path.name] = _digest(content)
    known.write_text(json.dumps(copied))
    _trust([path for path in renewed if path.suffix == ".ipynb"])


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _trust(notebooks: list[Path]) -> None:
    """Have JupyterLab show the drawings in notebooks that come from us; without Jupyter there is nothing to do."""
    if notebooks and (jupyter := shutil.which("jupyter")):
        subprocess.run([jupyter, "trust", *map(str, notebooks)], check=False, capture_output=True)  # noqa: S603
