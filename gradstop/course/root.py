"""Which folder is the course's: the one where somebody stands, or one above it."""

from pathlib import Path

from gradstop.course.files import CONFIG, EXERCISES, SOLUTIONS, WORK


def course_root(here: Path) -> Path:
    """Return the nearest folder, from ``here`` upwards, that is a course or holds a learner's copies; else ``here``."""
    here = here.resolve()
    for folder in (here, *here.parents):
        is_course = (folder / CONFIG).is_file() and ((folder / SOLUTIONS).is_dir() or (folder / EXERCISES).is_dir())
        if is_course or next((folder / WORK).glob("*/cases.py"), None):
            return folder
    return here
