"""Executes the notebooks that are committed with their outputs, and regenerates the student copies."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from gradstop.authoring.bench import Bench
from gradstop.authoring.cheat_sheet import SHEET, missing_words, print_sheet
from gradstop.authoring.clinic import INDEX, clinic_pages, write_table
from gradstop.authoring.install_cell import ensure_install_cell
from gradstop.authoring.normalise import normalised
from gradstop.authoring.social_card import PICTURE, photograph
from gradstop.authoring.vet import vet
from gradstop.course import Assignment, CourseError, assignments
from gradstop.course.files import BOOK, EXERCISES, SOLUTIONS
from gradstop.grading.answer_key.lazy_imports import lazy_imports_of
from gradstop.grading.nbgrader_bridge.register import course_config, generate

# The verdicts of the programs of "Cut it yourself" (gradstop.programs.recorded).
PROGRAMS = "book/programs.txt"
# A kernel without history, and without its remarks on the connection.
QUIET = ["--HistoryManager.hist_file=:memory:", "--log-level=ERROR"]


def executed_notebooks(root: Path) -> list[Path]:
    """Return the notebooks that are committed with outputs: the book's pages and the solutions."""
    return [path for folder in (BOOK, SOLUTIONS) for path in sorted((root / folder).rglob("*.ipynb")) if _is_page(path)]


def refresh(root: Path, only: str = "") -> Iterator[str]:
    """Regenerate the student copies, then execute each notebook; yield a line on each.

    With a copy, what its grader loads beforehand is noted. The copies come first: a check in ``solutions/`` reads the
    recording that lies in them. What is made of pages, the cheat sheet's PDF and the error clinic's table, comes last.

    Raises:
        CourseError: that names the notebook and the cell where one fails.

    """
    pages = [path for path in executed_notebooks(root) if only in path.relative_to(root).as_posix()]
    for path in pages:
        _bring_install_cell(path)
    for assignment in assignments(root):
        if only in assignment.folder.relative_to(root).as_posix():
            _refuse_faults(Bench(assignment))
            release(root, assignment)
            assignment.lazy_imports.write_text(json.dumps(lazy_imports_of(assignment)) + "\n")
            yield f"exercises/{assignment.name}: generated"
    for path in pages:
        execute(path)
        yield f"{path.relative_to(root)}: executed"
    if only in str(SHEET) and (root / SHEET).is_file() and missing_words(root):
        printed = print_sheet(root)
        yield f"{SHEET}: {'printed' if printed else 'not printed: install chromium, then refresh again'}"
    if only in str(PICTURE) and (root / PICTURE).parent.is_dir() and (only or not (root / PICTURE).is_file()):
        yield f"{PICTURE}: {'made' if photograph(root) else 'not made: install chromium, then refresh again'}"
    if only in PROGRAMS and (root / PROGRAMS).is_file():
        yield from _record_programs(root / PROGRAMS)
    if any(only in page.relative_to(root).as_posix() for page in clinic_pages(root)):
        write_table(root)
        yield f"{BOOK}/{INDEX}: the table of all messages"


def _bring_install_cell(path: Path) -> None:
    """See to the first cell of a notebook before anything is made of it."""
    text = path.read_text(encoding="utf-8")
    if "gradstop" in text and ensure_install_cell(notebook := nbformat.reads(text, as_version=4)):
        write(path, notebook)


def _record_programs(path: Path) -> Iterator[str]:
    from gradstop.programs.recorded import changed, record  # loads torch

    yield from (f"{PROGRAMS}: {line}" for line in changed(path.read_text(encoding="utf-8")))
    path.write_text(record(), encoding="utf-8")
    yield f"{PROGRAMS}: recorded"


def _refuse_faults(bench: Bench) -> None:
    faults = [fault for exercise in bench.solutions for fault in vet(bench, exercise, range(2))]
    if faults:
        raise CourseError(f"{bench.assignment.name} is not released:\n  " + "\n  ".join(faults))


def execute(path: Path) -> None:
    """Execute a notebook in its own folder and write it back, normalised.

    Raises:
        CourseError: that names the notebook where a cell fails.

    """
    notebook = nbformat.read(path, as_version=4)
    run_notebook(notebook, path)
    write(path, notebook)


def run_notebook(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Execute a notebook, as it was read from ``path``, in its own folder; its outputs are put into it.

    Raises:
        CourseError: that names the notebook where a cell fails.

    """
    client = NotebookClient(
        notebook,
        timeout=120,
        coalesce_streams=True,  # a kernel may cut what one cell prints in two
        extra_arguments=QUIET,
        resources={"metadata": {"path": path.parent}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise CourseError(f"{path.parent.name}/{path.name}: a cell fails: {error.ename}: {error.evalue}") from None


def release(root: Path, assignment: Assignment) -> None:
    """Make an assignment's student copy in ``exercises/``; the one that is there stays until the new one is whole."""
    with tempfile.TemporaryDirectory() as folder:
        generate(course_config(root), assignment.name, Path(folder), f"sqlite:///{folder}/gradebook.db")
        copy = Assignment(Path(folder) / assignment.name)
        write(copy.notebook, nbformat.read(copy.notebook, as_version=4))
        target = root / EXERCISES / assignment.name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(copy.folder, target)


def write(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Write a notebook in the committed form."""
    nbformat.write(nbformat.from_dict(normalised(notebook)), path)


def _is_page(path: Path) -> bool:
    return ".ipynb_checkpoints" not in path.parts
