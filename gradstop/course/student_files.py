"""What a learner gets a copy of: the assignments and the book's pages, a clone's own or those in the package."""

from pathlib import Path

from gradstop.course.files import BOOK, EXERCISES, Assignment
from gradstop.course.notebooks import graded_cells
from gradstop.course.root import is_course

PACKAGED = Path(__file__).parents[1] / "student_files"  # pyproject.toml says what a wheel holds


def exercises_folder(root: Path) -> Path:
    """Return the folder with the assignments that a learner copies."""
    return _own_or_packaged(root, EXERCISES, "*/cases.py")


def book_folder(root: Path) -> Path:
    """Return the folder with the book's pages."""
    return _own_or_packaged(root, BOOK, "*.ipynb")


def _own_or_packaged(root: Path, name: str, pattern: str) -> Path:
    own = [root] if is_course(root) else []
    for folder in (*own, PACKAGED, PACKAGED.parents[1]):  # the last: installed as editable, from a clone
        if any((folder / name).glob(pattern)):
            return folder / name
    return root / name


def packaged_assignment(exercise: str) -> Assignment | None:
    """Return the assignment with this exercise among those that the package brings; None where it brings none."""
    for folder in sorted((PACKAGED / EXERCISES).glob("*/cases.py")):
        assignment = Assignment(folder.parent)
        if any(cell.grade_id == exercise for cell in graded_cells(assignment.notebook)):
            return assignment
    return None
