"""nbgrader's ``release_feedback`` for a class that hands in by the exchange, and by other ways too."""

from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseFeedback

from gradstop.grading.intake.plain_files import is_plain

SECRET, STAMP, MAX_SIZE = "submission_secret.txt", "timestamp.txt", 1_000  # bytes; a secret has 128


class ReleaseFeedback(ExchangeReleaseFeedback):  # type: ignore[misc]
    """Releases the feedback of those who handed in by the exchange, and names the others.

    The exchange calls each page after a secret that lies with the hand-in, by which ``fetch_feedback`` finds it.
    """

    def copy_files(self) -> None:
        """Copy what can be released."""
        course, name = self.coursedir, self.coursedir.assignment_id
        excluded = set(filter(None, course.student_id_exclude.split(",")))
        others = []
        for folder in sorted(Path(course.format_path(course.feedback_directory, ".", ".")).glob(f"*/{name}")):
            student = folder.parent.name
            submitted = Path(course.format_path(course.submitted_directory, student, name))
            if not _completed(folder, submitted) and student not in excluded:
                others.append(student)
        course.student_id_exclude = ",".join([*excluded, *others])
        super().copy_files()
        if others:
            self.log.warning(
                "Not released, since they did not hand in by the exchange: %s. Their pages are in %s: "
                "gradstop feedback %s makes a zip of them for Moodle or Canvas.",
                *(", ".join(others), course.feedback_directory, name),
            )


def _completed(folder: Path, submitted: Path) -> bool:
    """Put the secret and the timestamp beside a page, as nbgrader expects them; return False without a secret."""
    for name in (SECRET, STAMP):
        path, source = folder / name, submitted / name
        if is_plain(path):
            continue
        if is_plain(source) and source.stat().st_size <= MAX_SIZE:
            path.write_bytes(source.read_bytes())
        elif name == SECRET:
            return False
        else:
            path.write_text("")  # nbgrader only prints it
    return True
