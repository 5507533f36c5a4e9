"""Reads when a submission was handed in: ``timestamp.txt``, which whoever hands in may have written."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gradstop.grading.intake.bounds import MAX_TIMESTAMP
from gradstop.grading.intake.plain_files import UnreadableError, decode, is_plain, printable, read_plain

NAME = "timestamp.txt"
# Year first, so that no month is taken for a day; a zone that is one: an offset, UTC, or a place of the tz database.
_FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|UTC|GMT|[+-]\d\d:?[0-5]\d|[A-Za-z_]+(?:/[\w+-]+)+)?"
)
_EXAMPLE = "Write 2026-11-28 18:30:00 UTC, or 2026-11-28 18:30 Europe/Berlin"


def read_timestamp(folder: Path) -> datetime | None:
    """Return when a submission was handed in, in UTC and without a zone, as nbgrader keeps it; None where nothing says.

    A time without a zone is in UTC, as nbgrader takes it.

    Raises:
        UnreadableError: for any other than a plain, short file, and for what is no date of one meaning.

    """
    path = folder / NAME
    if not os.path.lexists(path):
        return None
    if not is_plain(path) or path.stat().st_size > MAX_TIMESTAMP:
        raise UnreadableError(f"{NAME} is no file of at most {MAX_TIMESTAMP} bytes: take it away, or mend it")
    text = decode(read_plain(path, MAX_TIMESTAMP)).strip()
    return _parsed(text) if text else None


def _parsed(text: str) -> datetime:
    try:
        return in_utc(text)
    except ValueError as error:
        raise UnreadableError(f"{NAME} holds {error}") from None


def in_utc(text: str, zone: str = "UTC") -> datetime:
    """Return the moment that a text says, in UTC and without a zone; ``zone`` is where the text names none.

    Raises:
        ValueError: that says what is wrong, in words that follow a verb.

    """
    shown = printable(text[:40])
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"no date of one meaning: {shown!r}. {_EXAMPLE}")
    day, time, said = found.groups(default=zone)
    try:
        if said in ("Z", "UTC", "GMT") or said[0] in "+-":
            offset = "+00:00" if said.isalpha() else said
            return _in_utc(datetime.fromisoformat(f"{day} {time}{offset}"))
        return _in_utc(datetime.fromisoformat(f"{day} {time}").replace(tzinfo=ZoneInfo(said)))
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
        raise ValueError(f"no date that there is: {shown!r}. {_EXAMPLE}") from None


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
