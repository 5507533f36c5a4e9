"""A learner's own copies of the assignments and the book's pages, which an update never overwrites.

They lie in ``work/``, the assignments beside ``book/``; links between them are made to fit.
"""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from gradstop.course import Assignment, CourseError
from gradstop.course.files import BOOK, EXERCISES, WORK
from gradstop.course.named import named
from gradstop.course.student_files import book_folder, exercises_folder
from gradstop.course.write_whole import write_whole

_TEXTS = ("cheat-sheet.md", "errors.md", "glossary.md", "notation.md")  # that notebooks lead to
_COPIED = ".copied.json"  # the digest of each page as it was copied: what is still so can be renewed


def start(root: Path, name: str) -> str:
    """Copy an assignment to ``work/NAME``; where it is already, renew all but the notebook. Return what was done.

    Raises:
        CourseError: where there is no such assignment.

    """
    exercises = exercises_folder(root)
    if not exercises.is_dir() and Path("cases.py").is_file():
        raise CourseError("This folder is an assignment itself: open its notebook. All come with: pip install gradstop")
    name = named(name, sorted(path.parent.name for path in exercises.glob("*/cases.py")), "assignment")
    source, copy = Assignment(exercises / name), Assignment(root / WORK / name)
    kept = copy.notebook.is_file()
    for path in source.folder.iterdir():
        if path.is_file() and path.name != source.notebook.name:
            write_whole(copy.folder / path.name, path.read_bytes())
    if not kept:
        write_whole(copy.notebook, source.notebook.read_bytes().replace(b"(../../book/", b"(../book/"))
    for _ in _copy_pages(root):
        pass
    place = os.path.relpath(copy.notebook)
    return f"{place}: your answers are kept, the cases are renewed" if kept else f"{place}: open it and begin"


def read(root: Path, name: str) -> str:
    """Copy the book's pages to ``work/book`` and return where the page is that was asked for.

    A chapter's number stands for its first page, which has the name of the chapter's assignment. A page that was
    changed since it was copied stays as it is.

    Raises:
        CourseError: where there is no such page.

    """
    pages = {path.stem: path.name for path in _pages(root)}
    chapters = [page for page in pages if (exercises_folder(root) / page).is_dir()]
    name = named(name, pages, "page", chapters)
    others = [other for other in pages if name in chapters and other != name and other[:3] == name[:3]]
    changed = list(_copy_pages(root))
    page = os.path.relpath(root / WORK / BOOK / pages[name])
    if name not in changed:
        first = "" if shutil.which("jupyter") else "pip install jupyterlab; "
        said = f"{page}: open it, for example with: {first}jupyter lab {shlex.quote(page)}"
    else:
        said = f"{page}: your copy is kept, as you have changed it; move it away, and you get the book's page anew"
    return f"{said}\nThe chapter's other pages, beside it: {', '.join(others)}" if others else said


def _pages(root: Path) -> list[Path]:
    source = book_folder(root)
    return sorted(path for pattern in ("*.ipynb", *_TEXTS) for path in source.glob(pattern))


def _copy_pages(root: Path) -> Iterator[str]:
    """Copy each page that is missing, or as it was copied; yield the names of the others."""
    target = root / WORK / BOOK
    known = _copied(target / _COPIED)
    copied, renewed = dict(known), []
    for path in _pages(root):
        copy, content = target / path.name, path.read_bytes().replace(f"(../{EXERCISES}/".encode(), b"(../")
        if copy.is_file() and _digest(copy.read_bytes()) not in (copied.get(path.name), _digest(content)):
            yield path.stem
            continue
        if not copy.is_file() or copy.read_bytes() != content:
            write_whole(copy, content)
            renewed.append(copy)
        copied[path.name] = _digest(content)
    if copied != known:
        write_whole(target / _COPIED, json.dumps(copied).encode())
    _trust([path for path in renewed if path.suffix == ".ipynb"])


def _copied(known: Path) -> dict[str, str]:
    """Return the digests; of a damaged file none, and a page that is not the book's counts as changed."""
    try:
        return dict(json.loads(known.read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _trust(notebooks: list[Path]) -> None:
    """Have JupyterLab show the drawings in notebooks that come from us; without Jupyter there is nothing to do."""
    if notebooks and (jupyter := shutil.which("jupyter")):
        subprocess.run([jupyter, "trust", *map(str, notebooks)], check=False, capture_output=True)  # noqa: S603
