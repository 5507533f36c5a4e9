"""Where an assignment's files are, seen from a learner's notebook or from the course's root."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradstop.course.errors import CourseError
from gradstop.course.named import named

SOLUTIONS, EXERCISES, BOOK, CONFIG = "solutions", "exercises", "book", "nbgrader_config.py"
WORK = "work"  # a learner's copies; ignored by git

NOTEBOOK = ".ipynb"
_NAMED = re.compile(r"\d\d-.")  # a folder of somebody's own may have been renamed


@dataclass(frozen=True)
class Assignment:
    """One assignment's folder: ``NN-topic`` with ``topic.ipynb`` and ``cases.py`` in it."""

    folder: Path

    @property
    def name(self) -> str:
        """The assignment's name, ``03-detach``."""
        return self.folder.name

    @property
    def notebook(self) -> Path:
        """The assignment's notebook."""
        return self.folder / f"{self.name.partition('-')[2]}.ipynb"

    @property
    def cases(self) -> Path:
        """The file with the assignment's cases."""
        return self.folder / "cases.py"

    @property
    def reference(self) -> Path:
        """The recording of the solution, which lies in the student copy."""
        if self.folder.parent.name == SOLUTIONS:
            return self.folder.parent.parent / EXERCISES / self.name / "reference.json"
        return self.folder / "reference.json"

    @property
    def lazy_imports(self) -> Path:
        """The list of what torch loads only for this assignment's answers; it lies in ``solutions/``."""
        return self.folder / "lazy_imports.json"

    def read_cases(self) -> str:
        """Return the text of ``cases.py``.

        Raises:
            CourseError: where there is none.

        """
        return read_text(self.cases)


def again(assignment: Assignment) -> str:
    """Say how to have the files beside an assignment's notebook renewed."""
    kind = assignment.folder.parent.name
    if kind in (SOLUTIONS, EXERCISES):
        return f"git restore {kind}/{assignment.name} brings back what was committed."
    return f"{_start(assignment.folder)} copies what it needs once more; a notebook of yours stays as it is."


def _start(folder: Path) -> str:
    return f"gradstop start {folder.name if _NAMED.match(folder.name) else 'NAME'}"


def assignments(root: Path) -> list[Assignment]:
    """Return the course's assignments in order, as they lie in ``solutions/``."""
    return [Assignment(path.parent) for path in sorted((root / SOLUTIONS).glob("*/cases.py"))]


def require_course(root: Path) -> list[Assignment]:
    """Return the course's assignments; raise CourseError where ``root`` holds no solutions."""
    found = assignments(root)
    if not found:
        raise CourseError(
            f"{root.name}/ is no course, as it has no {SOLUTIONS}/ with assignments: run this in the course's folder, "
            "a clone of one. The package alone brings no solutions."
        )
    return found


def find_assignment(root: Path, name: str) -> Assignment:
    """Return the assignment that a name, number or topic stands for.

    Raises:
        CourseError: that lists those there are.

    """
    known = {assignment.name: assignment for assignment in require_course(root)}
    return known[named(name, known, "assignment")]


def assignment_here(namespace: dict[str, Any]) -> Assignment:
    """Return the assignment whose notebook runs in ``namespace``.

    Its folder is the working directory, as Jupyter sets it, or the notebook's own where the editor names it (VS Code,
    JupyterLab).

    Raises:
        CourseError: otherwise.

    """
    notebook = namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    places = [Path.cwd(), *([Path(notebook).parent] if notebook else [])]
    for place in places:
        if (place / "cases.py").is_file():
            return Assignment(place.resolve())
    raise CourseError(
        f"The cases are not in this folder, {Path.cwd().name!r}. Open the notebook (or start Python) in the folder it "
        "came in, with cases.py and reference.json beside it, or name that folder: check(…, folder=…)."
    )


def keep(notebook: Path) -> str:
    """Say of a notebook that cannot be read to keep it, and what there is in its place."""
    earlier = notebook.parent / ".ipynb_checkpoints" / f"{notebook.stem}-checkpoint{NOTEBOOK}"
    there = f" An earlier state of it is {earlier.parent.name}/{earlier.name} beside it." if earlier.is_file() else ""
    anew = f"Once it is moved away, {_start(notebook.parent)} makes a new one."
    return f" Keep it, as your answers may be in it.{there} {anew}"


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises:
        CourseError: where it cannot be read.

    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CourseError(f"{path.parent.name}/{path.name} is missing{_instead(path)}") from None
    except OSError as error:
        raise CourseError(f"{path.parent.name}/{path.name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        place = f"{path.parent.name}/{path.name}"
        raise CourseError(f"{place} is not UTF-8 text: {error.reason}. Save it as UTF-8.") from None


def read_json(path: Path) -> Any:
    """Return a JSON file's data.

    Raises:
        CourseError: where it is missing or damaged.

    """
    try:
        return json.loads(read_text(path))
    except RecursionError:
        raise CourseError(f"{path.parent.name}/{path.name} is nested too deeply: it is damaged.{_kept(path)}") from None
    except json.JSONDecodeError as error:
        place = f"{path.parent.name}/{path.name}, line {error.lineno}"
        raise CourseError(f"{place}: {error.msg}. The file is damaged.{_kept(path)}") from None


def _kept(path: Path) -> str:
    return keep(path) if path.suffix == NOTEBOOK else f" {again(Assignment(path.parent))}"


def _instead(path: Path) -> str:
    """Say what to do about a file that is missing, and never to copy over what somebody has written."""
    others = sorted(other.name for other in path.parent.glob(f"*{NOTEBOOK}"))
    if path.name.endswith(NOTEBOOK) and others:
        if not _NAMED.match(path.parent.name):
            return f", as the folder {path.parent.name} was renamed: give it its own name again, such as 03-detach."
        return f", and there is {', '.join(others)}: give the one with your answers the name {path.name}."
    return f". {again(Assignment(path.parent))}"
