"""A learner's own copies of the assignments, which an update of the repository never touches."""

import shutil
from pathlib import Path

from gradstop.course import Assignment, CourseError, did_you_mean
from gradstop.course.files import EXERCISES

WORK = "work"  # ignored by git


def start(root: Path, name: str) -> str:
    """Copy an assignment to ``work/NAME``; where it is already, renew all but the notebook. Return what was done.

    Raises:
        CourseError: where there is no such assignment.

    """
    source, copy = Assignment(root / EXERCISES / name), Assignment(root / WORK / name)
    if not source.cases.is_file():
        known = sorted(path.parent.name for path in (root / EXERCISES).glob("*/cases.py"))
        meant = did_you_mean(name, known)
        raise CourseError(f"There is no assignment {name!r}.{meant} There is: {', '.join(known) or 'none'}.")
    kept = copy.notebook.is_file()
    copy.folder.mkdir(parents=True, exist_ok=True)
    for path in source.folder.iterdir():
        if path.is_file() and not (kept and path.name == source.notebook.name):
            shutil.copy(path, copy.folder)
    place = copy.notebook.relative_to(root)
    return f"{place}: your answers are kept, the cases are renewed" if kept else f"{place}: open it and begin"
