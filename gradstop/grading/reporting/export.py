"""``gradstop export``: the gradebook's scores as a CSV file that a spreadsheet or a learning platform takes.

What is exported is nbgrader's gradebook: manual scores and late penalties count. Nobody without a graded submission has
a score there, and none is made up: the cell stays empty, and who it is is said on stderr.

- ``csv``, for a spreadsheet: one row for each student, score and maximum of each assignment, the total. UTF-8 with a
  byte order mark, by which Excel knows the encoding and which LibreOffice and Google Sheets skip; commas, decimal
  points, CRLF. Where Excel's language writes decimal commas, import the file by Data, From Text/CSV.
- ``moodle``, for Grades, Import, CSV file: one column for each assignment; map ``Username`` to the username. Without a
  byte order mark. Moodle reads ``-`` as "no grade", and an empty cell of a new grade item as a grade. A row whose
  mapped cell is empty goes to the student of the row before, so e-mail addresses are there only if everybody has one.
- ``canvas``, for Grades, Import: the columns that Canvas expects before the assignments, with the login in ``SIS Login
  ID``, and the row of points possible. An assignment of another name than in Canvas is offered as a new one.

A text that a spreadsheet would take for a formula gets an apostrophe before it, in all formats: a student who is called
``=1+1`` has to be matched by hand.
"""

import csv
import io
import sys
import warnings
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from gradstop.course import CourseError
from gradstop.grading.intake.plain_files import printable
from gradstop.grading.nbgrader_bridge.course import Course, open_course
from gradstop.grading.nbgrader_bridge.gradebook import open_gradebook

Row = list[str]
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n")  # the wide forms count where Japanese is written


@dataclass(frozen=True)
class Student:
    """A student as the gradebook knows them; the scores are by assignment."""

    name: str
    last: str
    first: str
    email: str
    scores: dict[str, float]


@dataclass(frozen=True)
class Grades:
    """What is exported: the maximum of each assignment, in order, and the students."""

    points: dict[str, float]
    students: list[Student]
    unfinished: dict[str, list[str]]  # by assignment, whose submissions wait for a manual grade

    def missing(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the assignments that are not graded for everybody, with who is missing."""
        for assignment in self.points:
            who = [student.name for student in self.students if assignment not in student.scores]
            if who:
                yield assignment, who


def export_command(root: Path, options: Namespace) -> int:
    """Write the grades; say on stderr who is missing."""
    grades = read_grades(open_course(root), options.assignment)
    rows, encoding = FORMATS[options.format]
    text = as_csv(rows(grades))
    path = Path(options.to) if options.to else root / "grading" / f"grades{_suffix(options.format)}.csv"
    if options.to == "-":
        sys.stdout.write(text)
    else:
        try:
            path.write_bytes(text.encode(encoding))
        except OSError as error:
            raise CourseError(f"{path} cannot be written: {error.strerror}.") from None
        print(path if options.to else path.relative_to(root))
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's own
        with open_gradebook(course.directories) as gradebook:
            return _grades(gradebook, course, only)


def _grades(gradebook: Gradebook, course: Course, only: Sequence[str]) -> Grades:
    known = {str(one.name): float(one.max_score or 0.0) for one in sorted(gradebook.assignments, key=lambda a: a.name)}
    if not known:
        raise CourseError("The gradebook is empty: grade an assignment first, with gradstop grade ASSIGNMENT.")
    for name in only:
        if name not in known:
            raise CourseError(f"The gradebook has no assignment {name!r}. It has: {', '.join(known)}.")
    points = {name: most for name, most in known.items() if name in (only or known)}
    scores: dict[str, dict[str, float]] = {}
    unfinished: dict[str, list[str]] = {}
    for name in points:
        for one in gradebook.assignment_submissions(name):
            scores.setdefault(one.student_id, {})[name] = max(0.0, one.score - (one.late_submission_penalty or 0.0))
            if one.needs_manual_grade:
                unfinished.setdefault(name, []).append(one.student_id)
    people = {one.id: (one.last_name or "", one.first_name or "", one.email or "") for one in gradebook.students}
    handed_in = {printable(name) for name in course.handed_in()}
    students = [
        Student(name, *people.get(name, ("", "", "")), scores.get(name, {})) for name in sorted({*people, *handed_in})
    ]
    return Grades(points, students, unfinished)


def as_csv(rows: Sequence[Row]) -> str:
    """Return rows as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def neutral(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def _texts(*values: str) -> Row:
    return [neutral(value) for value in values]


def _number(value: float | None, nothing: str = "") -> str:
    return nothing if value is None else f"{round(value, 4):.10g}"


def spreadsheet(grades: Grades) -> list[Row]:
    """Lay grades out for a spreadsheet."""
    titles = [title for name in grades.points for title in (name, f"{name} max")]
    rows = [_texts("student", "last_name", "first_name", "email", *titles, "total", "total max")]
    for one in grades.students:
        pairs = [value for name, most in grades.points.items() for value in (one.scores.get(name), most)]
        total = sum(one.scores.values()) if one.scores else None
        numbers = [_number(value) for value in (*pairs, total, sum(grades.points.values()))]
        rows.append([*_texts(one.name, one.last, one.first, one.email), *numbers])
    return rows


def moodle(grades: Grades) -> list[Row]:
    """Lay grades out for Moodle's import."""
    emails = any(one.email for one in grades.students)
    rows = [_texts("Username", "Last name", "First name", *(["Email address"] if emails else []), *grades.points)]
    for one in grades.students:
        who = _texts(one.name, one.last, one.first, *([one.email] if emails else []))
        rows.append([*who, *(_number(one.scores.get(name), "-") for name in grades.points)])
    return rows


def canvas(grades: Grades) -> list[Row]:
    """Lay grades out for Canvas' import."""
    rows = [_texts("Student", "ID", "SIS Login ID", "Section", *grades.points)]
    rows.append(["    Points Possible", "", "", "", *map(_number, grades.points.values())])
    for one in grades.students:
        name = ", ".join(filter(None, (one.last, one.first))) or one.name
        rows.append([*_texts(name, "", one.name, ""), *(_number(one.scores.get(title)) for title in grades.points)])
    return rows


FORMATS: dict[str, tuple[Callable[[Grades], list[Row]], str]] = {
    "csv": (spreadsheet, "utf-8-sig"),
    "moodle": (moodle, "utf-8"),
    "canvas": (canvas, "utf-8"),
}
