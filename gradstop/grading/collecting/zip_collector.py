"""Lets ``nbgrader zip_collect`` know the files of Moodle, Canvas and others, and whose they are by the class list."""

import os
from pathlib import Path

from nbgrader.plugins import FileNameCollectorPlugin

from gradstop.course import find_assignment
from gradstop.grading.collecting.archive import Entry
from gradstop.grading.collecting.deliveries import whose
from gradstop.grading.collecting.notebooks import pick
from gradstop.grading.collecting.owners import find_owner, is_known
from gradstop.grading.intake.bounds import MAX_NOTEBOOK
from gradstop.grading.intake.plain_files import UnreadableError, read_plain
from gradstop.grading.judging.bundle import handed_out_template
from gradstop.grading.nbgrader_bridge.course import open_course
from gradstop.grading.platforms.people import everybody


class ClassCollector(FileNameCollectorPlugin):  # type: ignore[misc]  # nbgrader has no types
    """Says of a file whose it is. Where ``named_regexp`` is set, that says it, as nbgrader's own collector has it."""

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Return the student and the notebook of a file, or None for one that is nobody's or no notebook of this."""
        if self.named_regexp or Path(submitted_file).suffix not in self.valid_ext:
            found: dict[str, str] | None = super().collect(submitted_file)
            return found
        app, course = self.parent, self.parent.coursedir
        root, name = Path(course.root), str(course.assignment_id)
        folder = root / app.downloaded_directory / name / app.extracted_directory
        path = Path(os.path.relpath(submitted_file, folder)).as_posix()
        people, assignment = everybody(open_course(root)), find_assignment(root, name)
        entry = Entry(path, None, False, lambda: _read(Path(submitted_file)))
        delivery, own, _ = whose(entry, {}, lambda text: is_known(people, text))
        delivery.files[own] = entry
        try:
            pick(delivery, assignment, handed_out_template(assignment))
            student = find_owner(people, delivery.people[0], name).id
        except (UnreadableError, IndexError) as reason:
            self.log.warning("%s: %s", path, reason)
            return None
        return {"student_id": student, "file_id": assignment.notebook.stem}


def _read(path: Path) -> bytes:
    try:
        return read_plain(path, MAX_NOTEBOOK)
    except OSError as error:
        raise UnreadableError(f"it cannot be read: {error.strerror}") from None
