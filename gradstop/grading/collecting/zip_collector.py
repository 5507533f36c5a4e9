"""Lets ``nbgrader zip_collect`` know the files of Moodle, Canvas and others, and whose they are by the class list.

What it unpacks has the limits of ``gradstop collect``, which unpacks nothing.
"""

import os
import shutil
from pathlib import Path

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin

from gradstop.course import CourseError, find_assignment
from gradstop.grading.collecting.archive import Archive, Entry, open_archive
from gradstop.grading.collecting.deliveries import deliveries, whose
from gradstop.grading.collecting.notebooks import pick
from gradstop.grading.collecting.owners import find_owner, is_known
from gradstop.grading.intake.bounds import MAX_FILES, MAX_LOOKED_AT, MAX_NOTEBOOK
from gradstop.grading.intake.plain_files import UnreadableError, is_plain, printable, read_plain
from gradstop.grading.judging.bundle import handed_out_template
from gradstop.grading.nbgrader_bridge.course import open_course
from gradstop.grading.platforms.class_list import ClassList
from gradstop.grading.platforms.people import everybody


class BoundedExtractor(ExtractorPlugin):  # type: ignore[misc]  # nbgrader has no types
    """Unpacks what a platform let be downloaded, zips in each other too: of each hand-in few files and few bytes."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack all that lies in ``archive_path``; what is left out is said, with the reason."""
        people = everybody(open_course(Path(self.parent.coursedir.root)))
        for path in sorted(Path(archive_path).iterdir()):
            if is_plain(path) and path.suffix.lower() != ".zip":
                shutil.copy(path, extracted_path)
                continue
            try:
                with open_archive(path) as archive:
                    self._unpack(archive, people, Path(extracted_path, path.stem))
            except CourseError as reason:
                self.log.warning("%s", reason)

    def _unpack(self, archive: Archive, people: ClassList, folder: Path) -> None:
        for name, why in archive.left_out.items():
            self.log.warning("%s: %s", printable(name), why)
        for delivery in deliveries(archive.entries, lambda text: is_known(people, text)):
            left = MAX_LOOKED_AT
            for number, entry in enumerate(delivery.files.values()):
                try:
                    data = entry.read() if number < MAX_FILES and left > 0 else b""
                    left -= len(data)
                    if number >= MAX_FILES or left <= 0:
                        raise UnreadableError(f"more than {MAX_FILES} files or {MAX_LOOKED_AT / 1e6:.0f} MB")
                    (folder / entry.path).parent.mkdir(parents=True, exist_ok=True)
                    (folder / entry.path).write_bytes(data)
                except (UnreadableError, OSError, ValueError) as reason:  # as a name that is too long
                    self.log.warning("%s: left out: %s", printable(entry.path), reason)


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
