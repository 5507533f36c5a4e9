"""Reads a list of students as Moodle, Canvas and Gradescope export it, or any table with a heading that says enough.

Known are Moodle's list of participants, its gradebook export and its grading worksheet, Canvas' gradebook export, and
Gradescope's roster. UTF-8, UTF-16 and what Windows writes in the West; commas, semicolons or tabs.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import dropwhile, islice
from pathlib import Path

from gradstop.course import CourseError
from gradstop.grading.intake.bounds import MAX_ROWS, MAX_ROWS_SIZE
from gradstop.grading.intake.plain_files import decode, is_plain, printable
from gradstop.grading.platforms.class_list import CANVAS, composed, letters
from gradstop.grading.platforms.headings import columns_of, names_somebody

_STAFF = re.compile(
    r"teacher|instructor|\bta\b|assistant|manager|creator|designer|reader|grader|observer|trainer|"
    r"profes|enseignant|docent|dozent|lehrer|tuteur|gestionnaire|gestor",
    re.I,
)
_ROUNDED = re.compile(r"\d([.,]\d+)?E\+\d+", re.I)
_STRANGE = re.compile(r"[\x00-\x08\x80-\x9f\ufffd]")  # no letters, but what another encoding leaves
MOST_TITLES = 5  # lines above the heading
_NO_CSV = "is no CSV file, or an empty one: export the list as CSV, not as Excel or ODS."
_NO_STUDENT = re.compile(r"points possible|student, test$|test student$", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One student of a list, as it calls them; what is not there is empty.

    ``number`` is the institution's, ``participant`` Moodle's for one assignment, ``user`` Canvas' own; ``group`` is a
    group's name, or those of several.
    """

    line: int
    id: str = ""
    first: str = ""
    last: str = ""
    name: str = ""
    email: str = ""
    number: str = ""
    participant: str = ""
    user: str = ""
    section: str = ""
    group: str = ""


@dataclass(frozen=True)
class Roster:
    """A list of students: which platform's, the rows, and what was left out and why."""

    platform: str
    rows: list[Row] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_roster(path: Path) -> Roster:
    """Read a list of students.

    Raises:
        CourseError: where it is none, or has no column that names anybody.

    """
    table = read_table(path)
    first, platform, columns = _heading(table)
    if not names_somebody(columns):
        shown = ", ".join(printable(cell) for cell in table[0][:8])
        raise CourseError(
            f"{path.name} has no column that names a student; its first line is: {shown}. "
            "Wanted is one of Username, Email address, Full name, ID number."
        )
    roster = Roster(platform)
    for line, cells in enumerate(table[first + 1 :], first + 2):
        if not any(map(str.strip, cells)):
            continue
        values = {key: _cell(cells, number) for key, number in columns.items()}
        role = values.pop("role", "")
        shown = printable(" ".join(filter(None, (values.get("name"), values.get("first"), values.get("last")))))
        if _NO_STUDENT.search(values.get("name", "")) or _is_canvas_extra(platform, values):
            continue
        if _STAFF.search(role):
            roster.left_out.append(f"line {line}: {shown or values.get('email', '')} is {printable(role)}")
        elif not any(values.values()):
            roster.left_out.append(f"line {line} names nobody")
        else:
            if _ROUNDED.fullmatch(values.get("number", "")):
                shortened = values.pop("number")
                roster.left_out.append(f"line {line}: the number {shortened}, which a spreadsheet has rounded")
            roster.rows.append(_row(line, values))
    return roster


def read_table(path: Path) -> list[list[str]]:
    """Read a CSV file of whatever encoding and delimiter; the first row is its heading.

    Raises:
        CourseError: where it cannot be read, or is no such file.

    """
    if not is_plain(path.resolve()):
        raise CourseError(f"{path} is no file: name the CSV file that the platform exports.")
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_ROWS_SIZE else b""
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
    if not data.strip() or data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise CourseError(f"{path.name} {_NO_CSV}")
    text = decode(data)
    if strange := _STRANGE.search(text):
        line = text.count("\n", 0, strange.start()) + 1
        raise CourseError(f"{path.name}, line {line}, has letters that cannot be read: export it as CSV UTF-8.")
    delimiter = _delimiter(text[:10_000])
    if (said := re.match(r"\s*sep=(.)\r?\n", text)) is not None:  # as Excel reads and writes it
        delimiter, text = said[1], text[said.end() :]
    try:
        rows = _parsed(io.StringIO(text, newline=""), delimiter)
        if all(
            len(row) < 2 for row in rows
        ):  # each line was quoted whole, as by a spreadsheet that took it for one cell
            rows = _parsed((row[0] if row else "" for row in rows), delimiter)
    except (csv.Error, ValueError, TypeError) as error:  # a delimiter that is none
        raise CourseError(f"{path.name} is no CSV file: {error}.") from None
    if len(rows) > MAX_ROWS:
        raise CourseError(f"{path.name} has more than {MAX_ROWS} rows: is it the list of a class?")
    filled = list(dropwhile(lambda row: not any(map(str.strip, row)), rows))
    if not filled:
        raise CourseError(f"{path.name} {_NO_CSV}")
    return filled


def _delimiter(beginning: str) -> str:
    """Return what parts the cells: what is most frequent in the first line that has any, best outside of quotes."""
    for text in (re.sub(r'"[^"]*"', "", beginning), beginning):
        for line in text.splitlines()[: MOST_TITLES + 1]:
            found = max(",;\t", key=line.count)
            if found in line:
                return found
    return ","


def _parsed(lines: Iterable[str], delimiter: str) -> list[list[str]]:
    return list(islice(csv.reader(lines, delimiter=delimiter), MAX_ROWS + 1))


def _heading(table: list[list[str]]) -> tuple[int, str, dict[str, int]]:
    """Return the row that says what the columns are, below a title at most, whose list it is, and its columns."""
    for number, row in enumerate(table[:MOST_TITLES]):
        platform, columns = columns_of([letters(cell) for cell in row])
        if names_somebody(columns):
            return number, platform, columns
    return 0, "", {}


def _is_canvas_extra(platform: str, values: dict[str, str]) -> bool:
    """Whether a row of Canvas' is about the columns: it has no user."""
    return platform == CANVAS and not values.get("user") and not values.get("id")


def _cell(cells: list[str], number: int) -> str:
    """Return a cell as a name; one that was kept from being a formula, or a number, loses what kept it."""
    value = composed(cells[number]) if number < len(cells) else ""
    if (kept := re.fullmatch(r'="([^"]*)"', value)) is not None:
        return kept[1]
    return value[1:] if re.match(r"'[=+@-]", value) else value


def _row(line: int, values: dict[str, str]) -> Row:
    number = re.search(r"\d+$", values.get("participant", ""))
    row = Row(line, **{**values, "participant": number[0] if number else ""})
    if row.name and not row.first and not row.last:
        first, last = _parts(row.name)
        return Row(**{**row.__dict__, "first": first, "last": last})
    return row


def _parts(name: str) -> tuple[str, str]:
    """Take a whole name apart: at the comma, or before the last word."""
    last, comma, first = name.partition(",")
    if comma:
        return first.strip(), last.strip()
    first, _, last = name.rpartition(" ")
    return first, last


def emails_parts(rows: list[Row]) -> Iterator[str]:
    """Yield what stands before the @ of each address."""
    yield from (row.email.partition("@")[0].casefold() for row in rows if row.email)
