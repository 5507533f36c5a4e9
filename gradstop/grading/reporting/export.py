"""``gradstop export``: the gradebook's scores as a CSV file that a spreadsheet or a learning platform takes.

What is exported is nbgrader's gradebook: manual scores and late penalties count. Nobody without a graded submission has
a score there, and none is made up: the cell stays empty, and who it is is said on stderr.

- ``csv``, for a spreadsheet: one row for each student, score and maximum of each assignment, the total, and how the
  student stands (``standing.status``). UTF-8 with a byte order mark, by which Excel knows the encoding and which
  LibreOffice and Google Sheets skip; commas, decimal points, CRLF. Where Excel's language writes decimal commas, import
  the file by Data, From Text/CSV.
- ``moodle``, for Grades, Import, CSV file: one column for each assignment; map ``Email address``, ``ID number`` or
  ``Username`` to the user. Without a byte order mark. Moodle reads ``-`` as "no grade", and an empty cell of a new
  grade item as a grade. A row whose mapped cell is empty goes to the student of the row before, so what is not known is
  ``-`` too: there is no such user, and Moodle says so and imports nothing until another column is mapped.
- ``moodle-worksheet``, for one assignment of Moodle, Upload grading worksheet: by the participants' numbers, which
  ``gradstop collect`` or the downloaded worksheet brought. Moodle keeps a grade that it has already, unless you allow
  "updating records that have been modified more recently".
- ``canvas``, for Grades, Import: the columns that Canvas exports before the assignments, and the points possible.
  Canvas finds a student by ID, then by the SIS columns, then by the name, and an assignment by the number in its title,
  ``Detach (4711)``, or by the whole title, which ``--title`` says; one of another title is offered as a new one.

A text that a spreadsheet would take for a formula, from its beginning or from a semicolon on, gets an apostrophe before
it, in all formats: a student who is called
``=1+1`` has to be matched by hand.
"""

import csv
import io
import os
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import Gradebook

from gradstop.course import CourseError
from gradstop.grading.intake.plain_files import printable
from gradstop.grading.nbgrader_bridge.course import Course, open_course
from gradstop.grading.platforms.class_list import CANVAS, MOODLE
from gradstop.grading.platforms.class_list import Student as Enrolled
from gradstop.grading.platforms.people import everybody, quiet_gradebook
from gradstop.grading.standing.standings import standings
from gradstop.grading.standing.status import Standing, Status

Row = list[str]
_NOBODY = "-"  # is no user and no grade to Moodle
# At the beginning of a cell; the wide forms count where Japanese is written. Where numbers have decimal commas a
# spreadsheet parts cells at semicolons, and some also at tabs.
_FORMULA = re.compile(r"(^[\t\r\n]|(?:^|[;\t\r\n])\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")


@dataclass(frozen=True)
class Student:
    """A student as the gradebook and the class list know them; scores and standings are by assignment."""

    name: str
    last: str
    first: str
    email: str
    scores: dict[str, float]
    standings: dict[str, Standing] = field(default_factory=dict)
    enrolled: Enrolled = field(default_factory=lambda: Enrolled(""))

    @property
    def whole_name(self) -> str:
        """The first and the last name, or the user name where there is none."""
        return " ".join(filter(None, (self.first, self.last))) or self.name


@dataclass(frozen=True)
class Grades:
    """What is exported: the maximum of each assignment, in order, and the students."""

    points: dict[str, float]
    students: list[Student]
    unfinished: dict[str, list[str]]  # by assignment, whose submissions wait for a manual grade
    titles: dict[str, str] = field(
        default_factory=dict
    )  # what a platform calls an assignment, where it is another name

    def missing(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the assignments that are not graded for everybody, with who is missing."""
        for assignment in self.points:
            who = [student.name for student in self.students if assignment not in student.scores]
            if who:
                yield assignment, who

    def not_current(self) -> Iterator[str]:
        """Yield a line for each score that is not that of the newest hand-in."""
        for student in self.students:
            for assignment, one in student.standings.items():
                if assignment in student.scores and one.status is not Status.GRADED:
                    yield f"{assignment}, {student.name}: {one.words}"

    def title(self, assignment: str) -> str:
        """Return what a platform calls an assignment."""
        return self.titles.get(assignment, assignment)


def _print(text: str) -> None:
    """Print what another program may read: all of it, or nothing."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        raise CourseError(
            f"A name has a letter that is not in {encoding}, as which this is printed: set PYTHONIOENCODING=utf-8 in "
            "the environment, or name a file, --to FILE."
        ) from None
    sys.stdout.write(text)


def export_command(root: Path, options: Namespace) -> int:
    """Write the grades; say on stderr who is missing."""
    if len(options.title) > len(options.assignment):
        raise CourseError(
            "--title says what the platform calls an assignment: name it with --assignment, in this order."
        )
    grades = read_grades(open_course(root), options.assignment)
    grades.titles.update(zip(options.assignment, options.title, strict=False))
    rows, encoding = FORMATS[options.format]
    text = as_csv(rows(grades))
    path = Path(options.to) if options.to else root / "grading" / f"grades{_suffix(options.format)}.csv"
    if options.to == "-":
        _print(text)
    else:
        try:
            path.write_bytes(text.encode(encoding))
        except OSError as error:
            raise CourseError(f"{path} cannot be written: {error.strerror}.") from None
        print(path if options.to else os.path.relpath(path))
    for line in grades.not_current():
        print(line, file=sys.stderr)
    for assignment, who in grades.missing():
        print(f"{assignment}: no graded submission of {', '.join(who)}", file=sys.stderr)
    for assignment, who in grades.unfinished.items():
        print(f"{assignment}: still to be graded by hand: {', '.join(who)}", file=sys.stderr)
    return 0


def _suffix(form: str) -> str:
    return "" if form == "csv" else f"-{form}"


def read_grades(course: Course, only: Sequence[str] = ()) -> Grades:
    """Read the gradebook; ``only`` names assignments.

    Raises:
        CourseError: where it has none of that name.

    """
    with quiet_gradebook(course) as gradebook:
        return _grades(gradebook, course, only)


def _grades(gradebook: Gradebook, course: Course, only: Sequence[str]) -> Grades:
    known = {str(one.name): float(one.max_score or 0.0) for one in sorted(gradebook.assignments, key=lambda a: a.name)}
    if not known:
        raise CourseError("The gradebook is empty: grade an assignment first, with gradstop grade ASSIGNMENT.")
    for name in only:
        if name not in known:
            raise CourseError(f"The gradebook has no assignment {name!r}. It has: {', '.join(known)}.")
    points = {name: most for name, most in known.items() if name in (only or known)}
    found = {name: standings(course, name, gradebook) for name in points}
    people = everybody(course).students
    handed_in = {printable(name) for name in course.handed_in()}
    names = sorted({*people, *handed_in, *(one.id for one in gradebook.students)})
    students = [_student(people.get(name, Enrolled(name)), found) for name in names]
    unfinished = {
        name: waiting for name, of in found.items() if (waiting := [who for who, one in of.items() if one.by_hand])
    }
    return Grades(points, students, unfinished)


def _student(one: Enrolled, found: dict[str, dict[str, Standing]]) -> Student:
    """Return what is exported of a student."""
    stands = {name: of.get(one.id, Standing(Status.NOTHING)) for name, of in found.items()}
    scores = {name: standing.score for name, standing in stands.items() if standing.score is not None}
    return Student(one.id, one.last, one.first, one.email, scores, stands, one)


def as_csv(rows: Sequence[Row]) -> str:
    """Return rows as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def neutral(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return _FORMULA.sub(_as_text, text)


def _as_text(found: re.Match[str]) -> str:
    whole = found[0]
    separator = whole[0] if found.start() and whole[0] in ";\t\r\n" else ""
    return f"{separator}'{whole[len(separator) :]}"


def _texts(*values: str) -> Row:
    return [neutral(value) for value in values]


def _number(value: float | None, nothing: str = "") -> str:
    return nothing if value is None else f"{round(value, 4):.10g}"


def spreadsheet(grades: Grades) -> list[Row]:
    """Lay grades out for a spreadsheet."""
    titles = [title for name in grades.points for title in (name, f"{name} max")]
    stands = [f"{name} status" for name in grades.points]
    rows = [_texts("student", "last_name", "first_name", "email", *titles, "total", "total max", *stands)]
    for one in grades.students:
        pairs = [value for name, most in grades.points.items() for value in (one.scores.get(name), most)]
        total = sum(one.scores.values()) if one.scores else None
        numbers = [_number(value) for value in (*pairs, total, sum(grades.points.values()))]
        words = [one.standings[name].words if name in one.standings else "" for name in grades.points]
        rows.append([*_texts(one.name, one.last, one.first, one.email), *numbers, *_texts(*words)])
    return rows


def moodle(grades: Grades) -> list[Row]:
    """Lay grades out for the import into Moodle's gradebook."""
    known = {"Email address": [one.email for one in grades.students]}
    known["ID number"] = [one.enrolled.on(MOODLE, "number") for one in grades.students]
    shown = {title: cells for title, cells in known.items() if any(cells)}
    rows = [_texts("Username", "Last name", "First name", *shown, *map(grades.title, grades.points))]
    for number, one in enumerate(grades.students):
        who = [_NOBODY if not cells[number] else neutral(cells[number]) for cells in shown.values()]
        scores = [_number(one.scores.get(name), _NOBODY) for name in grades.points]
        rows.append([*_texts(one.name, one.last, one.first), *who, *scores])
    return rows


def moodle_worksheet(grades: Grades) -> list[Row]:
    """Lay one assignment's grades out as the grading worksheet that Moodle lets an instructor download.

    Raises:
        CourseError: for more than one, or where nobody's number is known.

    """
    if len(grades.points) != 1:
        raise CourseError("A grading worksheet is of one assignment: say which with --assignment.")
    ((name, most),) = grades.points.items()
    rows = [_texts("Identifier", "Full name", "Email address", "Grade", "Maximum grade", "Last modified (grade)")]
    for one in grades.students:
        participant = one.enrolled.hand_ins[name].participant if name in one.enrolled.hand_ins else ""
        if participant:
            who = _texts(f"Participant {participant}", one.whole_name, one.email)
            rows.append([*who, _number(one.scores.get(name)), _number(most), _NOBODY])
    if len(rows) == 1:
        raise CourseError(
            f"No participant's number of {name} is known: enter the worksheet that Moodle lets you download, with "
            f"gradstop class WORKSHEET.csv --assignment {name}."
        )
    return rows


def canvas(grades: Grades) -> list[Row]:
    """Lay grades out for the import into Canvas' gradebook."""
    rows = [_texts("Student", "ID", "SIS User ID", "SIS Login ID", "Section", *map(grades.title, grades.points))]
    rows.append(["    Points Possible", "", "", "", "", *map(_number, grades.points.values())])
    for one in grades.students:
        called = {key: one.enrolled.on(CANVAS, key) for key in ("name", "user", "sis", "login", "section")}
        name = called["name"] or ", ".join(filter(None, (one.last, one.first))) or one.name
        who = _texts(name, called["user"], called["sis"], called["login"] or one.name, called["section"])
        rows.append([*who, *(_number(one.scores.get(title)) for title in grades.points)])
    return rows


FORMATS: dict[str, tuple[Callable[[Grades], list[Row]], str]] = {
    "csv": (spreadsheet, "utf-8-sig"),
    "moodle": (moodle, "utf-8"),
    "moodle-worksheet": (moodle_worksheet, "utf-8"),
    "canvas": (canvas, "utf-8"),
}
