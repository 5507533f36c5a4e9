"""``gradstop feedback``: makes nbgrader's feedback anew, and packs it as a learning platform takes it back."""

import os
import sys
import zipfile
from argparse import Namespace
from pathlib import Path

from gradstop.course import Assignment, CourseError, find_assignment
from gradstop.grading.handing_back.feedback import CANVAS_NOTE, Packed, pack
from gradstop.grading.nbgrader_bridge.course import open_course
from gradstop.grading.platforms.people import who_by_what


def feedback_command(root: Path, options: Namespace) -> int:
    """Write the zip; say on stderr whose feedback is not in it and why; return 1 if somebody's is not.

    Raises:
        CourseError: where nobody is graded, or the zip cannot be written.

    """
    assignment = find_assignment(root, options.assignment)
    packed = pack(open_course(root), assignment, options.format)
    path = Path(options.to) if options.to else root / "grading" / f"feedback-{options.format}-{assignment.name}.zip"
    if packed.files:
        _write(path, packed)
        print(path if options.to else os.path.relpath(path))
        print(f"{len(packed.files)} files. {_upload(assignment, options.format)}")
    for reason, students in who_by_what(packed.left_out).items():
        print(f"{', '.join(students)}: not in the zip: {reason}", file=sys.stderr)
    if not packed.files:
        raise CourseError(f"There is nothing to hand back for {assignment.name}.")
    return 1 if packed.left_out else 0


def _upload(assignment: Assignment, platform: str) -> str:
    if platform == "canvas":
        return f"In Canvas: the assignment, Re-Upload Submissions. {CANVAS_NOTE}"
    return f"In Moodle: the assignment for {assignment.name}, Upload multiple feedback files in a zip."


def _write(path: Path, packed: Packed) -> None:
    """Write the zip at once or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in packed.files.items():
                archive.writestr(name, data)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise CourseError(f"{path} cannot be written: {error.strerror}.") from None
