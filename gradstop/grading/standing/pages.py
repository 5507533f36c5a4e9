"""Has nbgrader's own pages, the formgrader's and feedback, say how a student stands, in the words of all commands."""

import html
import logging
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, v4
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from gradstop.course import CourseError
from gradstop.grading.nbgrader_bridge.course import open_course
from gradstop.grading.platforms.people import quiet_gradebook
from gradstop.grading.standing.standings import standings
from gradstop.grading.standing.status import Standing, Status

_log = logging.getLogger(__name__)
_SHOWN = (Status.CHANGED, Status.EARLIER, Status.NOT_GRADED)  # what nbgrader itself calls graded, or still to be graded


class SayStanding(NbGraderPreprocessor):  # type: ignore[misc]
    """Says at the beginning of a graded notebook's page how the student stands, where that is more than *graded*."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Add a cell to the notebook that is shown; the file stays as it is."""
        names = resources.get("nbgrader") or resources  # of feedback, or of the formgrader
        student, assignment = names.get("student"), names.get("assignment", names.get("assignment_id"))
        found = _standings(Path(CourseDirectory(parent=self).root), assignment, student)
        standing = found.get(student or "")
        if standing is not None and standing.words != Status.GRADED.value:
            nb.cells.insert(0, v4.new_markdown_cell(in_html(standing)))
        return nb, resources


def in_html(standing: Standing) -> str:
    """Return how a student stands as a paragraph that stands at a page's beginning."""
    return f"<p><strong>{html.escape(standing.words)}</strong></p>"


def words_for_lists(root: Path, assignment: str, student: str | None = None) -> dict[str, str]:
    """Return by student what nbgrader's lists do not say by themselves; of one ``student`` alone where one is named."""
    found = _standings(root, assignment, student)
    return {name: one.reason for name, one in found.items() if one.status in _SHOWN}


def _standings(root: Path, assignment: str | None, student: str | None) -> dict[str, Standing]:
    """Return how students stand; nothing where that cannot be said: a page is shown without it."""
    if not assignment:
        return {}
    try:
        course = open_course(root)
        with quiet_gradebook(course) as gradebook:
            return standings(course, assignment, gradebook, student)
    except CourseError as reason:
        _log.info("%s: %s", assignment, reason)
    except Exception:
        _log.exception("%s: how students stand could not be said", assignment)
    return {}
