"""Keeps each finished outcome at once, so that nothing is lost when grading stops: ``grading/results.db``, SQLite.

nbgrader's gradebook has no place for verdicts and seeds, and is written in batches; this file is written first. An
outcome is entered in the gradebook from here, as often as needed.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from gradstop.course import CourseError
from gradstop.grading.graded_submission import GradedSubmission

FORMAT = 2  # of the file; 0 is any before there was a number
_SCHEMA = """
CREATE TABLE IF NOT EXISTS outcome (
    assignment TEXT NOT NULL, student TEXT NOT NULL, fingerprint TEXT NOT NULL,
    entered INTEGER NOT NULL DEFAULT 0, score REAL, data TEXT NOT NULL, notebook TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, refused TEXT NOT NULL DEFAULT '', PRIMARY KEY (assignment, student)
)
"""


def result_store_of(root: Path) -> "ResultStore":
    """Return the results of the course at ``root``."""
    return ResultStore(root / "grading" / "results.db")


@dataclass(frozen=True)
class Kept:
    """An outcome that is kept: what was graded and by what, whether it is in the gradebook, its score if it has one.

    ``refused`` is a later hand-in that could not be graded; the score is that of the one before. ``problem`` says why
    there is no score, ``attempts`` which of several attempts this is.
    """

    fingerprint: str
    entered: bool
    score: float | None
    refused: GradedSubmission | None = None
    problem: str = ""
    attempts: str = ""

    def problem_with(self, fingerprint: str) -> str:
        """Say why the hand-in of this fingerprint could not be graded; nothing where it could, or is another."""
        if self.refused is not None and self.refused.fingerprint == fingerprint:
            return self.refused.problem
        return self.problem if self.fingerprint == fingerprint else ""


class ResultStore:
    """The outcomes of one course. Each method raises CourseError where the file cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CourseError(f"{path.parent.name}/ cannot be made: {error.strerror}.") from None
        with self._open() as database:
            _write_ahead(database)
            database.execute("BEGIN IMMEDIATE")  # another process may make the file too
            database.execute(_SCHEMA)
            if "refused" not in {name for _, name, *_ in database.execute("PRAGMA table_info(outcome)")}:
                database.execute("ALTER TABLE outcome ADD COLUMN refused TEXT NOT NULL DEFAULT ''")
            _bring_up_to_date(database, f"{path.parent.name}/{path.name}")

    def keep(self, assignment: str, outcome: GradedSubmission) -> None:
        """Keep an outcome in place of the student's earlier one; when this returns it is on the disk.

        One without a score is kept beside an earlier one that has one: a damaged file costs nobody the earlier score.
        """
        row = (
            assignment,
            outcome.student,
            outcome.fingerprint,
            None if outcome.problem else outcome.score,
            msgspec.json.encode(replace(outcome, notebook="")).decode(),
            outcome.notebook,
        )
        with self._open() as database:
            if outcome.problem and self._keep_beside(database, row):
                return
            database.execute(
                "INSERT OR REPLACE INTO outcome (assignment, student, fingerprint, score, data, notebook) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )

    def _keep_beside(self, database: sqlite3.Connection, row: tuple[Any, ...]) -> bool:
        """Keep an outcome without a score beside an earlier one; return False where there is none."""
        assignment, student, *_, data, _ = row
        return bool(
            database.execute(
                "UPDATE outcome SET refused = ? WHERE assignment = ? AND student = ? AND score IS NOT NULL",
                (data, assignment, student),
            ).rowcount
        )

    def mark_entered(self, assignment: str, students: list[str], entered: bool = True) -> None:
        """Note that these students' outcomes are in the gradebook, or have to be entered once more."""
        with self._open() as database:
            database.executemany(
                "UPDATE outcome SET entered = ? WHERE assignment = ? AND student = ?",
                [(entered, assignment, student) for student in students],
            )

    def kept(self, assignment: str) -> dict[str, Kept]:
        """Return, for each student with an outcome, what is known of it without reading it."""
        with self._open() as database:
            rows = database.execute(
                "SELECT student, fingerprint, entered, score, refused, CASE WHEN score IS NULL THEN data ELSE '' END, "
                "COALESCE(json_extract(data, '$.attempts'), '') FROM outcome WHERE assignment = ?",
                (assignment,),
            )
            return {
                student: Kept(
                    fingerprint,
                    bool(entered),
                    score,
                    _outcome(refused) if refused else None,
                    _outcome(problem).problem if problem else "",
                    attempts,
                )
                for student, fingerprint, entered, score, refused, problem, attempts in rows
            }

    def outcomes(self, assignment: str, *, notebooks: bool = False) -> Iterator[GradedSubmission]:
        """Yield all outcomes of an assignment, by student; without their notebooks unless these are asked for."""
        what = "notebook" if notebooks else "''"
        with self._open() as database:
            rows = database.execute(
                f"SELECT data, {what} FROM outcome WHERE assignment = ? ORDER BY student",  # noqa: S608 - one of two
                (assignment,),
            )
            for data, notebook in rows:
                yield replace(_outcome(data), notebook=notebook)

    def outcome(self, assignment: str, student: str) -> GradedSubmission | None:
        """Return one student's outcome, with its notebook, if there is one."""
        with self._open() as database:
            row = database.execute(
                "SELECT data, notebook FROM outcome WHERE assignment = ? AND student = ?", (assignment, student)
            ).fetchone()
        return replace(_outcome(row[0]), notebook=row[1]) if row else None

    def rename(self, old: str, new: str) -> None:
        """Let a student's outcomes be those of another name, which has none."""
        with self._open() as database:
            database.execute(
                "UPDATE outcome SET student = ?2, data = json_set(data, '$.student', ?2), "
                "refused = CASE refused WHEN '' THEN '' ELSE json_set(refused, '$.student', ?2) END WHERE student = ?1",
                (old, new),
            )

    def forget_attempts(self, assignment: str) -> None:
        """Let an assignment's outcomes say no more which of several attempts they are."""
        with self._open() as database:
            database.execute(
                "UPDATE outcome SET data = json_set(data, '$.attempts', '') WHERE assignment = ?", (assignment,)
            )

    def forget(self, student: str) -> None:
        """Remove a student's outcomes."""
        with self._open() as database:
            database.execute("DELETE FROM outcome WHERE student = ?", (student,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=30)) as database, database:
                yield database
        except (sqlite3.DataError, sqlite3.InterfaceError):  # of one outcome, and not of the file
            raise
        except sqlite3.Error as error:
            name, said = f"{self._path.parent.name}/{self._path.name}", str(error)
            if "unable to open" in said or "readonly" in said:
                said = f"cannot be written: let your user write to {self._path.parent.name}/ and to all that is in it"
            elif "disk I/O error" in said:  # what SQLite says where its shared memory finds no room
                said = f"{said}, as where the disk is full"
            raise CourseError(f"{name}: {said}. What was kept before is safe.") from None


def _write_ahead(database: sqlite3.Connection) -> None:
    """Let processes read while one writes. SQLite waits for no other process here: it is asked again for 30 seconds."""
    for left in reversed(range(300)):
        try:
            database.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            # The lowest byte says what it is: SQLite has several sorts of busy.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or not left:
                raise
        time.sleep(0.1)


def _outcome(data: str) -> GradedSubmission:
    return msgspec.json.decode(data, type=GradedSubmission)


def _bring_up_to_date(database: sqlite3.Connection, name: str) -> None:
    """Write what an earlier version kept in today's form, all of it or nothing.

    Raises:
        CourseError: for a file that a later version has written.

    """
    (number,) = database.execute("PRAGMA user_version").fetchone()
    if number > FORMAT:
        raise CourseError(
            f"{name} is of format {number}, written by a later gradstop than this one, which reads {FORMAT}: "
            "update gradstop, or move the file away and grade again."
        )
    if number == FORMAT:
        return
    rows = database.execute("SELECT assignment, student, data FROM outcome").fetchall()
    database.executemany(
        "UPDATE outcome SET data = ? WHERE assignment = ? AND student = ?",
        [(json.dumps(_in_form_2(json.loads(data))), assignment, student) for assignment, student, data in rows],
    )
    database.execute(f"PRAGMA user_version = {FORMAT:d}")


def _in_form_2(outcome: dict[str, Any]) -> dict[str, Any]:
    """Return an outcome whose exercises stand under ``scores``, each with ``setups`` where there were bare seeds."""
    scores = []
    for mark in outcome.pop("marks", outcome.get("scores", [])):
        trials = mark.pop("seeds", mark.get("setups", {}))
        setups = {
            case: [[[part, []] if isinstance(part, int) else part for part in pair] for pair in pairs]
            for case, pairs in trials.items()
        }
        scores.append({**mark, "setups": setups})
    return {**outcome, "scores": scores}
