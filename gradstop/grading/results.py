"""Keeps each finished outcome at once, so that nothing is lost when grading stops: ``grading/results.db``, SQLite.

nbgrader's gradebook has no place for verdicts and seeds, and is written in batches; this file is written first. An
outcome is entered in the gradebook from here, as often as needed.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from gradstop.course import CourseError
from gradstop.grading.outcome import Outcome

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outcome (
    assignment TEXT NOT NULL, student TEXT NOT NULL, fingerprint TEXT NOT NULL,
    entered INTEGER NOT NULL DEFAULT 0, score REAL, data TEXT NOT NULL, notebook TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (assignment, student)
)
"""


def results_of(root: Path) -> "Results":
    """Return the results of the course at ``root``."""
    return Results(root / "grading" / "results.db")


class Results:
    """The outcomes of one course. Each method raises CourseError where the file cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute(_SCHEMA)

    def keep(self, assignment: str, outcome: Outcome) -> None:
        """Keep an outcome in place of the student's earlier one; when this returns it is on the disk."""
        row = (
            assignment,
            outcome.student,
            outcome.fingerprint,
            None if outcome.problem else outcome.score,
            replace(outcome, notebook="").to_json(),
            outcome.notebook,
        )
        with self._open() as database:
            database.execute(
                "INSERT OR REPLACE INTO outcome (assignment, student, fingerprint, score, data, notebook) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )

    def mark_entered(self, assignment: str, students: list[str]) -> None:
        """Note that these students' outcomes are in the gradebook."""
        with self._open() as database:
            database.executemany(
                "UPDATE outcome SET entered = 1 WHERE assignment = ? AND student = ?",
                [(assignment, student) for student in students],
            )

    def fingerprints(self, assignment: str) -> dict[str, tuple[str, bool, float | None]]:
        """Return, for each student with an outcome, its fingerprint, whether it is entered, and its score."""
        with self._open() as database:
            rows = database.execute(
                "SELECT student, fingerprint, entered, score FROM outcome WHERE assignment = ?", (assignment,)
            )
            return {student: (fingerprint, bool(entered), score) for student, fingerprint, entered, score in rows}

    def outcomes(self, assignment: str, *, notebooks: bool = False) -> Iterator[Outcome]:
        """Yield all outcomes of an assignment, by student; without their notebooks unless these are asked for."""
        what = "notebook" if notebooks else "''"
        with self._open() as database:
            rows = database.execute(
                f"SELECT data, {what} FROM outcome WHERE assignment = ? ORDER BY student",  # noqa: S608 - one of two
                (assignment,),
            )
            for data, notebook in rows:
                yield replace(Outcome.from_json(data), notebook=notebook)

    def outcome(self, assignment: str, student: str) -> Outcome | None:
        """Return one student's outcome, with its notebook, if there is one."""
        with self._open() as database:
            row = database.execute(
                "SELECT data, notebook FROM outcome WHERE assignment = ? AND student = ?", (assignment, student)
            ).fetchone()
        return replace(Outcome.from_json(row[0]), notebook=row[1]) if row else None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=30)) as database, database:
                yield database
        except sqlite3.Error as error:
            raise CourseError(
                f"{self._path.parent.name}/{self._path.name}: {error}. What was kept before is safe."
            ) from None
