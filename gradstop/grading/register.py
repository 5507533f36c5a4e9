"""Makes an assignment of ``solutions/`` known to nbgrader's gradebook."""

import tempfile
from pathlib import Path
from typing import Any

import nbgrader.converters.base
from nbgrader.api import MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import find_all_files
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from gradstop.course import CourseError
from gradstop.grading.complaints import complaints
from gradstop.grading.gradebook import open_gradebook
from gradstop.grading.submission import is_plain

CONFIG = "nbgrader_config.py"


def course_config(root: Path) -> Config:
    """Return the configuration of the course at ``root``. Raises CourseError where there is none."""
    if not (root / CONFIG).is_file():
        raise CourseError(f"There is no {CONFIG} in {root.name}/: run this from the course's root.")
    return PyFileConfigLoader(CONFIG, path=str(root)).load_config()


def is_registered(course: CourseDirectory, assignment: str) -> bool:
    """Whether the gradebook knows the assignment, with a notebook. Raises CourseError where it cannot be opened."""
    with open_gradebook(course) as gradebook:
        try:
            return bool(gradebook.find_assignment(assignment).notebooks)
        except MissingEntry:
            return False


def register(config: Config, assignment: str) -> None:
    """Enter the assignment's cells and points in the gradebook, or bring them up to date there.

    This is nbgrader's generate_assignment with a release folder that is thrown away: the committed student copy
    stays as it is, and nothing is recorded for one that nobody reads.
    """
    quick = Config(config)
    quick.RecordReference.enabled = False
    with tempfile.TemporaryDirectory() as folder:
        generate(quick, assignment, Path(folder))


def generate(config: Config, assignment: str, release: Path, db_url: str = "") -> None:
    """Run nbgrader's generate_assignment into ``release``, with the course's gradebook or with the one at ``db_url``.

    Raises CourseError with nbgrader's first complaint.
    """
    changed = Config(config)
    changed.CourseDirectory.release_directory = str(release)
    changed.CourseDirectory.assignment_id = assignment
    if db_url:
        changed.CourseDirectory.db_url = db_url
    converter = GenerateAssignment(coursedir=CourseDirectory(config=changed), config=changed)
    with complaints(converter) as first:
        converter.start()
    if first:
        raise CourseError(f"{assignment} cannot be generated: {first[0]}")


def copy_plain_files_only() -> None:
    """Have nbgrader copy plain files alone from a submission: a link in it may point at anything of the instructor's.

    nbgrader copies all that lies beside the notebook, and has no setting for it.
    """

    def plain(folder: str, *arguments: Any) -> list[str]:
        return [name for name in find_all_files(folder, *arguments) if is_plain(Path(name))]

    nbgrader.converters.base.find_all_files = plain


def before_autograde(assignment: str, student: str, notebooks: list[Any]) -> None:  # noqa: ARG001 - nbgrader's names
    """Register an assignment that the gradebook does not know; nbgrader calls this before each submission."""
    config = course_config(Path.cwd())
    if not is_registered(CourseDirectory(config=config), assignment):
        register(config, assignment)
