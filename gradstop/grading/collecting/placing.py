"""Puts what was collected where it is graded, and keeps every other attempt in ``grading/attempts``.

``grading/attempts/ASSIGNMENT/STUDENT/`` has a folder for each attempt that does not count, called by its time in UTC;
with ``-beside`` for another notebook of the same hand-in. It is made before anything is replaced: whatever ends this,
no hand-in is lost, and the same command goes on.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gradstop.course import Assignment, CourseError
from gradstop.grading.collecting.notebooks import NEVER, Attempt
from gradstop.grading.intake.bounds import MAX_FILES, MAX_FILES_SIZE, MAX_NOTEBOOK
from gradstop.grading.intake.plain_files import UnreadableError, below, is_plain, name_below, printable, read_plain
from gradstop.grading.intake.timestamp import NAME as TIMESTAMP
from gradstop.grading.intake.timestamp import read_timestamp
from gradstop.grading.nbgrader_bridge.course import Course
from gradstop.grading.platforms.class_list import ATTEMPTS

BESIDE = "-beside"


@dataclass
class Places:
    """Where one student's hand-ins of one assignment lie: the one that counts, and all others."""

    folder: Path
    attempts: Path
    notebook: str

    def counting(self) -> Attempt | None:
        """Return what is graded now."""
        return self._read(self.folder)

    def kept(self) -> list[Attempt]:
        """Return the attempts that do not count."""
        return [one for folder in self.folders() if (one := self._read(folder)) is not None]

    def folders(self) -> list[Path]:
        """Return where the attempts lie that do not count; none that is half written."""
        found = sorted(self.attempts.iterdir()) if self.attempts.is_dir() else []
        return [one for one in found if not one.name.startswith(".") and is_plain(one / self.notebook)]

    def exchange(self, folder: Path) -> None:
        """Let an attempt that was kept be the one that counts, and keep the one that did.

        Raises:
            CourseError: where that cannot be written.

        """
        try:
            if os.path.lexists(self.folder):
                before = self.counting()
                self.folder.rename(self._unused(before) if before else self._free("not-read"))
            folder.rename(self.folder)
        except OSError as error:
            raise _not_written(self.folder, error) from None

    def restore_last(self) -> bool:
        """Let the last attempt count again where an earlier one does as the best; return whether it is so.

        Raises:
            CourseError: where that cannot be written.

        """
        now, folders = self.counting(), [one for one in self.folders() if BESIDE not in one.name]
        kept = [(_order(found), folder) for folder in folders if (found := self._read(folder)) is not None]
        if now is None or not kept or max(kept)[0] <= _order(now):
            return False
        self.exchange(max(kept)[1])
        return True

    def _read(self, folder: Path) -> Attempt | None:
        path = folder / self.notebook
        try:
            notebook = read_plain(path, MAX_NOTEBOOK)
            files = _files(folder, (path, folder / TIMESTAMP))
        except OSError:
            return None
        try:
            moment = read_timestamp(folder)
        except UnreadableError:  # somebody has written it by hand; grading says what is wrong with it
            moment = None
        return Attempt(notebook, files, moment and moment.replace(tzinfo=UTC), True, str(path))

    def keep(self, attempt: Attempt, *, beside: bool = False) -> Path:
        """Write an attempt that does not count, or a notebook that lay ``beside`` one."""
        return self._write(attempt, self._unused(attempt, BESIDE if beside else ""))

    def count(self, attempt: Attempt) -> Path | None:
        """Let an attempt be the one that is graded; return where the one before is kept, whatever it was."""
        fresh, put_aside = self._write(attempt, self.folder.with_name(f".{self.folder.name}.new")), None
        if os.path.lexists(self.folder):
            before = self.counting()
            put_aside = self._unused(before) if before else self._free("not-read")
            put_aside.parent.mkdir(parents=True, exist_ok=True)
            self.folder.rename(put_aside)
        fresh.rename(self.folder)
        return put_aside

    def write_time(self, attempt: Attempt) -> None:
        """Write when the counting attempt was handed in."""
        _write_time(self.folder, attempt)

    def _write(self, attempt: Attempt, folder: Path) -> Path:
        unfinished = folder.with_name(f".{folder.name.lstrip('.')}.part")
        for path in (unfinished, folder):
            shutil.rmtree(path, ignore_errors=True)  # half of an earlier run's
        unfinished.mkdir(parents=True)
        for name, data in {**attempt.files, self.notebook: attempt.notebook}.items():
            (unfinished / name).parent.mkdir(parents=True, exist_ok=True)
            (unfinished / name).write_bytes(data)
        _write_time(unfinished, attempt)
        unfinished.rename(folder)
        return folder

    def _unused(self, attempt: Attempt, more: str = "") -> Path:
        return self._free((f"{attempt.moment:%Y-%m-%dT%H%M%SZ}" if attempt.moment else "no-time") + more)

    def _free(self, name: str) -> Path:
        number, found = 1, self.attempts / name
        while os.path.lexists(found):
            number, found = number + 1, self.attempts / f"{name}-{number + 1}"
        return found


def _files(folder: Path, own: tuple[Path, ...]) -> dict[str, bytes]:
    """Return the files in a folder and below it, but its ``own``: as many and as large ones as are collected."""
    files, left = dict[str, bytes](), MAX_FILES_SIZE
    for one in (one for one, why in below(folder) if not why and one not in own):
        if len(files) == MAX_FILES:
            break
        with suppress(OSError):
            data = read_plain(one, left)
            files[name_below(folder, one)], left = data, left - len(data)
    return files


def places_of(course: Course, assignment: Assignment, student: str) -> Places:
    """Return where a student's hand-ins lie.

    Raises:
        CourseError: where a link leads away from it.

    """
    folder = course.submitted / student / assignment.name
    if folder.is_symlink() or folder.parent.is_symlink():
        raise CourseError(f"{folder.relative_to(course.root)} leads through a link: put a folder there.")
    return Places(folder, course.root / ATTEMPTS / assignment.name / student, assignment.notebook.name)


@dataclass(frozen=True)
class Decision:
    """What becomes of attempts: which one counts, and is new; which others are new; whether a time was corrected.

    ``beside`` are other notebooks of one hand-in, which are no attempts.
    """

    counts: Attempt | None
    kept: list[Attempt]
    time: Attempt | None = None
    beside: list[Attempt] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.counts or self.kept or self.time or self.beside)


def last(now: Attempt | None, kept: list[Attempt], incoming: list[Attempt]) -> Decision:
    """Let the last attempt count: the latest. What is there already is not taken a second time.

    Of what is handed in twice in a row, as by the members of a group, the first time counts. The same work with another
    time than the one that counts corrects that time. Where nothing says when the present one came in, a new one counts.
    """
    found = list[Attempt]()
    for one in sorted(incoming, key=_order):
        if not found or not one.same_work(found[-1]):
            found.append(one)
    here = [now] if now else []
    unknown = [one for one in found if not _is_among(one, [*kept, *here])]
    is_there = any(_is_among(one, here) for one in found)
    time = next((one for one in unknown if now and not is_there and one.same_work(now) and one.moment), None)
    new = [one for one in unknown if one is not time]
    newest = max(new, key=_order, default=None)
    if newest is None or (now and now.moment and _order(newest) < _order(time or now)):
        return Decision(None, new, time)
    return Decision(newest, [one for one in new if one is not newest])


def _is_among(one: Attempt, others: list[Attempt]) -> bool:
    return any(one.same_work(other) and one.moment in (other.moment, None) for other in others)


def _order(attempt: Attempt) -> tuple[datetime, int]:
    return (attempt.moment or NEVER, attempt.number)


def carry_out(places: Places, decision: Decision, *, best: bool) -> Iterator[str]:
    """Do what was decided, and say it; ``best`` is whether the best attempt will count, of all that are kept.

    Raises:
        CourseError: where it cannot be written.

    """
    try:
        count = "may count" if best else "does not count"
        for one in decision.kept:
            yield f"an attempt of {said(one)} ({_name(one)}) {count}, and is kept: {_shown(places.keep(one))}"
        for one in decision.beside:
            place = _shown(places.keep(one, beside=True))
            yield f"another notebook of it, {_name(one)}, does not count, and is kept: {place}"
        if decision.counts and (before := places.count(decision.counts)):
            yield f"the one before is kept: {_shown(before)}"
        elif decision.time:
            places.write_time(decision.time)
            yield f"the time is {said(decision.time)} now"
    except OSError as error:
        raise _not_written(places.folder, error) from None


def _not_written(folder: Path, error: OSError) -> CourseError:
    return CourseError(f"{folder} cannot be written: {error.strerror}. What was there is kept.")


def said(attempt: Attempt) -> str:
    """Say when an attempt was handed in."""
    return f"{attempt.moment:%Y-%m-%d %H:%M:%S} UTC" if attempt.moment else "no known time"


def _name(attempt: Attempt) -> str:
    return printable(attempt.path.rpartition("/")[2])


def _write_time(folder: Path, attempt: Attempt) -> None:
    if attempt.moment:
        (folder / TIMESTAMP).write_text(f"{said(attempt)}\n", encoding="utf-8")


def _shown(path: Path) -> str:
    return "/".join(path.parts[-5:])
