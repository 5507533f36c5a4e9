"""Reads an assignment's notebook: its nbgrader cells, and the functions that its solution cells define."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradstop.course.errors import CourseError
from gradstop.course.files import read_json

CHECK = "check-"  # before an exercise's name, the grade_id of its check cell


@dataclass(frozen=True)
class GradedCell:
    """A code cell that nbgrader knows."""

    grade_id: str
    source: str
    solution: bool
    points: float


def graded_cells(notebook: Path) -> Iterator[GradedCell]:
    """Yield the code cells that carry nbgrader metadata, in order."""
    for cell in read_json(notebook)["cells"]:
        mark = cell["metadata"].get("nbgrader")
        if mark and cell["cell_type"] == "code":
            source = "".join(cell["source"])
            yield GradedCell(mark["grade_id"], source, mark.get("solution", False), float(mark.get("points", 0)))


def statements(notebook: Path) -> dict[str, str]:
    """Return for each exercise the texts that stand between the graded cell before its own and its own."""
    found, texts = {}, list[str]()
    for cell in read_json(notebook)["cells"]:
        mark = cell["metadata"].get("nbgrader")
        if cell["cell_type"] == "markdown":
            texts.append("".join(cell["source"]))
        elif mark:
            if mark.get("solution"):
                found[mark["grade_id"]] = "\n\n".join(texts)
            texts = []
    return found


def load_solutions(notebook: Path) -> dict[str, Callable[..., Any]]:
    """Run the set-up cell and the solution cells of a notebook and return what each defines.

    The cells that check are left out.

    Raises:
        CourseError: if a cell does not define what its ``grade_id`` names.

    """
    namespace: dict[str, Any] = {"__name__": "solution"}
    solutions = {}
    for cell in graded_cells(notebook):
        if cell.grade_id.startswith(CHECK):
            continue
        exec(compile(cell.source, f"{notebook.name}:{cell.grade_id}", "exec"), namespace)  # noqa: S102
        if cell.solution:
            if cell.grade_id not in namespace:
                raise CourseError(f"{notebook.name}: the cell {cell.grade_id!r} defines no {cell.grade_id}.")
            solutions[cell.grade_id] = namespace[cell.grade_id]
    return solutions
