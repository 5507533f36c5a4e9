"""What nbgrader's generate_assignment does more for this course: stubs that name their exercise, and the recording."""

import random
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from gradstop.compare import Reference
from gradstop.course import Assignment, find_assignment, section_titles
from gradstop.course.torch_versions import read_versions


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
        resources.setdefault("outputs", {})[assignment.reference.name] = record(assignment, root).encode()
        return nb, resources


def record(assignment: Assignment, root: Path) -> str:
    """Record what the solutions and the known wrong answers do, under seeds that follow from the assignment's name.

    Return the text of ``reference.json``.
    """
    # These bring torch, which other steps need not.
    from gradstop.grading.answer_key.references import assignment_references
    from gradstop.reference_file import ReferenceFile, reference_text

    seeds = random.Random(assignment.name)  # noqa: S311 - known to everyone
    references = assignment_references(assignment, lambda: seeds.getrandbits(31))
    read = {place for reference in references.values() for place in _read(reference)}
    sections = {place: title for place, title in section_titles(root).items() if place in read}
    tried = {
        torch: sorted({found.exercise for found in tried.verdicts} & references.keys())
        for torch, tried in read_versions(root).items()
    }
    return reference_text(ReferenceFile(version("torch").partition("+")[0], sections, references, tried))


def _read(reference: Reference) -> Iterator[str]:
    """Yield the sections that a report on the exercise may name."""
    yield from (answer.read for answer, _ in reference.behaviours)
    for trials in reference.trials.values():
        yield from (observation.read for trial in trials for observation in trial.record.observations)
