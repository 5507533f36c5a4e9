"""Makes an assignment of ``solutions/`` known to nbgrader's gradebook."""

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

from nbgrader.api import Comment, Grade, GradeCell, MissingEntry, SolutionCell, SourceCell
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from gradstop.course import Assignment, CourseError, find_assignment, read_json
from gradstop.course.files import CONFIG
from gradstop.grading.nbgrader_bridge.errors import complaints
from gradstop.grading.nbgrader_bridge.gradebook import open_gradebook
from gradstop.grading.nbgrader_bridge.gradebook_lock import gradebook_lock


def course_config(root: Path) -> Config:
    """Return the configuration of the course at ``root``.

    Raises:
        CourseError: where there is none.

    """
    if not (root / CONFIG).is_file():
        raise CourseError(
            f"There is no {CONFIG} in {root.name}/: run this in the course's folder, a clone of the repository."
        )
    return PyFileConfigLoader(CONFIG, path=str(root)).load_config()


def is_registered(course: CourseDirectory, assignment: str) -> bool:
    """Whether the gradebook knows the assignment with the cells and points that it has now.

    Raises:
        CourseError: where it cannot be opened.

    """
    cells = _cells_of(find_assignment(Path(course.root), assignment))
    with open_gradebook(course) as gradebook:
        try:
            return any(_cells_in(notebook) == cells for notebook in gradebook.find_assignment(assignment).notebooks)
        except MissingEntry:
            return False


_KINDS = {"grade": GradeCell, "solution": SolutionCell, "source": SourceCell}
_ENTRIES = {"grade": Grade, "solution": Comment}  # what each submission has of such a cell
_Cells = dict[str, dict[str, float]]  # by kind the names, and what they are worth


def _cells_of(assignment: Assignment) -> _Cells:
    """Return which cells nbgrader enters of an assignment."""
    cells: _Cells = {kind: {} for kind in _KINDS}
    for cell in read_json(assignment.notebook)["cells"]:
        mark = cell["metadata"].get("nbgrader", {})
        for kind in _KINDS:
            if mark.get(kind) or (kind == "source" and any(map(mark.get, ("grade", "solution", "locked")))):
                cells[kind][mark["grade_id"]] = float(mark["points"]) if kind == "grade" else 0.0
    return cells


def _cells_in(notebook: Any) -> _Cells:
    """Return which cells of a notebook the gradebook has."""
    return {
        kind: {cell.name: float(getattr(cell, "max_score", 0.0)) for cell in getattr(notebook, f"{kind}_cells")}
        for kind in _KINDS
    }


def register(config: Config, assignment: str) -> None:
    """Enter the assignment's cells and points in the gradebook where it does not have them as they are now.

    Whoever is second waits, and finds it done. This is nbgrader's generate_assignment with a release folder that is
    thrown away: the committed student copy stays as it is, and nothing is recorded for one that nobody reads.
    """
    course = CourseDirectory(config=config)
    if is_registered(course, assignment):
        return
    quick = Config(config)
    quick.RecordReference.enabled = False
    with gradebook_lock(course.db_url), tempfile.TemporaryDirectory() as folder:
        if not is_registered(course, assignment):
            _follow(course, find_assignment(Path(course.root), assignment))
            generate(quick, assignment, Path(folder))


def _follow(course: CourseDirectory, assignment: Assignment) -> None:
    """Add and remove cells of an assignment that the gradebook has submissions of, as an update of the course did.

    nbgrader refuses that. The scores and comments of all cells that stay are kept, those by hand too.
    """
    with open_gradebook(course) as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's own
        try:
            notebook = gradebook.find_notebook(assignment.notebook.stem, assignment.name)
        except MissingEntry:
            return
        for kind, wanted in _cells_of(assignment).items():
            known = {cell.name: cell for cell in getattr(notebook, f"{kind}_cells")}
            for name in known.keys() - wanted.keys():
                for entry in (*getattr(known[name], "grades", ()), *getattr(known[name], "comments", ())):
                    gradebook.db.delete(entry)
                gradebook.db.delete(known[name])
            for name in wanted.keys() - known.keys():
                needed: dict[str, Any] = {} if kind == "solution" else {"cell_type": "code"}  # until it is generated
                if kind == "grade":
                    needed["max_score"] = wanted[name]
                cell = _KINDS[kind](name=name, notebook=notebook, **needed)
                gradebook.db.add(cell)
                gradebook.db.flush()  # numbers it
                for submission in notebook.submissions if kind in _ENTRIES else ():
                    gradebook.db.add(_ENTRIES[kind](cell_id=cell.id, notebook=submission))
        gradebook.db.commit()


def generate(config: Config, assignment: str, release: Path, db_url: str = "") -> None:
    """Run nbgrader's generate_assignment into ``release``, with the course's gradebook or with the one at ``db_url``.

    Raises:
        CourseError: with nbgrader's first complaint.

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


def load_nothing_from_elsewhere() -> None:
    """Have nbgrader's pages, feedback and the formgrader's, load no script from another host: MathJax came from one.

    Their templates ask Jupyter's folders for that part by its name, and find ours first.
    """
    ours, others = str(Path(__file__).with_name("pages")), os.environ.get("JUPYTER_PATH", "")
    if ours not in others.split(os.pathsep):
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [ours, others]))


def before_autograde(assignment: str, student: str, notebooks: list[Any]) -> None:  # noqa: ARG001 - nbgrader's names
    """Register an assignment that the gradebook does not know; nbgrader calls this before each submission."""
    register(course_config(Path.cwd()), assignment)
