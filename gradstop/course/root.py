"""Which folder is the course's: the one where somebody stands, or one above it."""

from pathlib import Path

from gradstop.course.files import CONFIG, EXERCISES, SOLUTIONS, WORK


def course_root(here: Path) -> Path:
    """Return the nearest folder, from ``here`` upwards, that is a course or holds a learner's copies; else ``here``."""
    here = here.resolve()
    for folder in (here, *here.parents):
        if is_course(folder) or next((folder / WORK).glob("*/cases.py"), None):
            return folder
    return here


def is_course(folder: Path) -> bool:
    """Return whether a folder is this course's, and not another one's: nbgrader's, or any with a ``book/``."""
    if not (folder / CONFIG).is_file():
        return False
    return any(next((folder / name).glob("*/cases.py"), None) for name in (SOLUTIONS, EXERCISES))
