"""nbgrader's way into this path: preprocessors that restore a submission, and that run and judge it."""

import json
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode, from_dict, reads
from nbformat.validator import isvalid
from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Bool, Float, Integer

from gradstop import logs
from gradstop.course import CourseError, find_assignment
from gradstop.grading.assess import assess
from gradstop.grading.extensions import read_extensions
from gradstop.grading.intake.bounds import MAX_NOTEBOOK
from gradstop.grading.intake.plain_files import UnreadableError, read_plain
from gradstop.grading.intake.submission import read_cells, read_notebook, read_submission
from gradstop.grading.intake.template import bare
from gradstop.grading.judging.bundle import handed_out_template, secret_bundle
from gradstop.grading.nbgrader_bridge.gradebook import has_score, open_gradebook
from gradstop.grading.nbgrader_bridge.patches import has_step
from gradstop.grading.planning.solution_first import require_solution
from gradstop.grading.process.shared import warm_process_for
from gradstop.grading.result_store import result_store_of
from gradstop.grading.rules import MEMORY, TIMEOUT, Rules


class LenientExporter(NotebookExporter):  # type: ignore[misc]
    """Reads a notebook of whatever encoding, and one that is not valid as nothing but its cells."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """Convert the notebook in a file.

        Raises:
            UnreadableError: where it is none.

        """
        path = Path(filename)
        notebook = read_notebook(read_plain(path, MAX_NOTEBOOK), path.name)
        # What RestoreCells follows on needs no more; to validate takes seconds for what students may hand in.
        if has_step(self, RestoreCells) or not isvalid(notebook):
            notebook = {"cells": bare(notebook["cells"]), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        return self.from_notebook_node(reads(json.dumps(notebook), 4), resources=resources, **kw)


class RestoreCells(NbGraderPreprocessor):  # type: ignore[misc]
    """Gives a submission the marks and locked cells that the assignment was handed out with, and nothing else."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Restore one notebook. ``resources["nbgrader"]`` names the assignment.

        Raises:
            UnreadableError: where the notebook is another assignment's.

        """
        root, name = Path(CourseDirectory(parent=self).root), resources["nbgrader"]["assignment"]
        template = handed_out_template(find_assignment(root, name))
        template.refuse_another(nb.cells, name)
        return from_dict(template.restore(nb.cells)), resources


class JudgedExecute(Execute):  # type: ignore[misc]
    """Runs a submission's cells in a sandbox, all but the checks, and has each exercise observed and judged.

    A check cell's outputs are replaced by one result: the score, and the differences as a table. Nothing that
    the submission prints or returns decides a score.
    """

    sandbox = Bool(True, help="Whether submissions run in a sandbox. Without one they run as you.").tag(config=True)
    cell_timeout = Float(TIMEOUT, help="Seconds for one cell, and for all cases of one exercise.").tag(config=True)
    memory = Integer(MEMORY, help="MiB of memory for one submission.").tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Run and judge one notebook, restored before. ``resources["nbgrader"]`` names assignment and student."""
        NotebookClient.__init__(self, nb, km)
        course, names = CourseDirectory(parent=self), resources["nbgrader"]
        root = Path(course.root)
        logs.to_files(root, "nbgrader autograde")
        assignment = find_assignment(root, names["assignment"])
        folder = root / course.format_path(course.submitted_directory, names["student"], names["assignment"])
        submission = read_submission(names["student"], folder / assignment.notebook.name)
        rules = Rules.of_course(root, assignment, timeout=self.cell_timeout, memory=self.memory, sandboxed=self.sandbox)
        bundle = secret_bundle(assignment, root, warm_process_for(rules))
        require_solution(bundle, assignment, rules)
        notebook = {**nb, "cells": [dict(cell) for cell in nb.cells]}
        result_store_of(root).keep(assignment.name, assess(bundle, submission, notebook, rules))
        with open_gradebook(course) as gradebook:  # a later step counts late days
            read_extensions(root).enter(gradebook.find_submission(assignment.name, names["student"]))
            gradebook.db.commit()
        return from_dict(notebook), resources


def why_not_graded(converter: Autograde, assignment: str, student: str) -> str:
    """Say why a submission cannot be graded, or nothing: asked before ``nbgrader autograde`` enters anything of it."""
    course = converter.coursedir
    root = Path(course.root)
    try:
        known = find_assignment(root, assignment)
        folder = root / course.format_path(course.submitted_directory, student, assignment)
        submission = read_submission(student, folder / known.notebook.name)
        cells = read_cells(submission.notebook, known.notebook.name)
        handed_out_template(known).refuse_another(cells, assignment)
    except (UnreadableError, CourseError) as reason:
        return str(reason)
    return ""


def remove_without_score(converter: Autograde, assignment: str, student: str) -> None:
    """Remove a submission that nbgrader has entered and then could not grade: its score would be 0."""
    with open_gradebook(converter.coursedir) as gradebook:
        try:
            if not has_score(gradebook.find_submission(assignment, student)):
                gradebook.remove_submission(assignment, student)
        except MissingEntry:
            pass
