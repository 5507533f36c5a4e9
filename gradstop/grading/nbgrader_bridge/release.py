"""What nbgrader's generate_assignment does more for this course: stubs that name their exercise, and the recording."""

import json
import random
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from gradstop.course import Assignment, find_assignment, section_titles
from gradstop.record import Json

DIGITS = 12  # significant digits that are recorded of a number: more than a comparison looks at


class NameStubs(NbGraderPreprocessor):  # type: ignore[misc]
    """Makes each stub's NotImplementedError name its exercise, and lets Run All go on after a check that fails."""

    def preprocess_cell(
        self,
        cell: NotebookNode,
        resources: dict[str, Any],
        cell_index: int,  # noqa: ARG002 - nbgrader's signature
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Name the exercise in one cell."""
        if is_solution(cell):
            name = cell.metadata.nbgrader["grade_id"]
            cell.source = cell.source.replace("NotImplementedError()", f'NotImplementedError("{name}")')
        if is_grade(cell):
            cell.metadata["tags"] = ["raises-exception"]
        return cell, resources


class RecordReference(NbGraderPreprocessor):  # type: ignore[misc]
    """Writes ``reference.json`` beside the student's notebook."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Add the recording to the files that are written with the notebook."""
        root = Path(CourseDirectory(parent=self).root)
        assignment = find_assignment(root, resources["nbgrader"]["assignment"])
        text = json.dumps(record(assignment, root), ensure_ascii=False, separators=(",", ":"))
        resources.setdefault("outputs", {})[assignment.reference.name] = text.encode() + b"\n"
        return nb, resources


def record(assignment: Assignment, root: Path) -> Json:
    """Record what the solutions and the known wrong answers do, under seeds that follow from the assignment's name."""
    # These bring torch, which other steps need not.
    from gradstop.grading.answer_key.lazy_imports import lazy_imports_of
    from gradstop.grading.answer_key.references import assignment_references

    seeds = random.Random(assignment.name)  # noqa: S311 - known to everyone
    references = assignment_references(assignment, lambda: seeds.getrandbits(31))
    exercises = {name: _rounded(reference.to_json()) for name, reference in references.items()}
    text = json.dumps(exercises)
    return {
        "torch": version("torch").partition("+")[0],
        "late": lazy_imports_of(assignment),
        "sections": {place: title for place, title in section_titles(root).items() if f'"{place}"' in text},
        "exercises": exercises,
    }


def _rounded(data: Json) -> Json:
    if isinstance(data, dict):
        return {key: _rounded(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_rounded(value) for value in data]
    return float(f"{data:.{DIGITS}g}") if isinstance(data, float) else data
