"""Files as Moodle, Canvas and Gradescope let an instructor download them, in their real shapes."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from support.classroom import SOLVED
from support.course import ROOT

NAME, HOUR = "03-detach", (2027, 3, 1, 22, 59, 0)
JUNK = {
    "__MACOSX/._detach.ipynb": b"\0\5\26\7",
    ".DS_Store": b"\0\0\0\1Bud1",
    "__MACOSX/Ann Lee_1_assignsubmission_file_/._detach.ipynb": b"\0\5\26\7",
}


@dataclass(frozen=True)
class Person:
    """Somebody as all three platforms know them."""

    id: str
    first: str
    last: str
    number: int

    @property
    def email(self) -> str:
        return f"{self.id}@example.org"

    @property
    def participant(self) -> int:
        return 700_000 + self.number

    @property
    def user(self) -> int:
        return 40_000 + self.number

    @property
    def canvas_name(self) -> str:
        """What Canvas puts before a file: the name by which it sorts, in small letters."""
        return "".join(sign for sign in f"{self.last}{self.first}".lower() if sign.isalnum())


CLASS = [
    Person("ann", "Ann", "Lee", 1),
    Person("zoe", "Zoë", "Åström", 2),
    Person("o'brien", "Sean", "O'Brien", 3),
    Person("jl", "Jean-Luc", "van der Berg", 4),
    Person("chen", "伟", "陈", 5),
    *(Person(f"s{number}", f"First{number}", f"Last{number}", number) for number in range(6, 26)),
]


def notebook(answers: dict[str, str] = SOLVED, assignment: str = NAME) -> bytes:
    """Return the bytes of a student copy with these answers in it."""
    path = ROOT / "exercises" / assignment / f"{assignment.partition('-')[2]}.ipynb"
    found = json.loads(path.read_text())
    for cell in found["cells"]:
        cell["source"] = answers.get(cell["metadata"].get("nbgrader", {}).get("grade_id"), cell["source"])
    return json.dumps(found).encode()


def make_zip(path: Path, files: Iterable[tuple[str, bytes]], hour: tuple[int, ...] = HOUR) -> Path:
    """Write a zip whose entries have this local time, as PHP and Ruby do: sizes and names alone beside it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            info = zipfile.ZipInfo(name, hour)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return path


def moodle(person: Person, name: str = "detach.ipynb", kind: str = "file") -> str:
    """Return a file's place in Moodle's zip."""
    return f"{person.first} {person.last}_{person.participant}_assignsubmission_{kind}_/{name}"


def canvas(person: Person, name: str = "detach.ipynb", *, late: bool = False) -> str:
    """Return a file's place in Canvas' zip."""
    return f"{person.canvas_name}_{'LATE_' * late}{person.user}_{9_000_000 + person.number}_{name}"


def moodle_participants(people: Iterable[Person]) -> str:
    rows = [["First name", "Last name", "Email address", "Roles", "Groups", "Last access to course", "Status"]]
    rows += [[one.first, one.last, one.email, "Student", "No groups", "2 days 3 hours", "Active"] for one in people]
    rows.append(["Tom", "Tutor", "tom@example.org", "Non-editing teacher", "No groups", "now", "Active"])
    return as_text(rows)


def moodle_worksheet(people: Iterable[Person]) -> str:
    heads = "Identifier,Full name,ID number,Email address,Status,Grade,Maximum grade,Grade can be changed"
    rows = [[*heads.split(","), "Last modified (submission)", "Last modified (grade)", "Feedback comments"]]
    for one in people:
        state = ["Submitted for grading", "", "18.00", "Yes", "Monday, 1 March 2027, 10:59 PM", "-", ""]
        rows.append([f"Participant {one.participant}", f"{one.first} {one.last}", f"M{one.number}", one.email, *state])
    return as_text(rows)


def canvas_gradebook(people: Iterable[Person]) -> str:
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"{NAME} (4711)", "Current Score"]]
    rows += [
        ["", "", "", "", "", "Manual Posting", ""],
        ["    Points Possible", "", "", "", "", "18.00", "(read only)"],
    ]
    rows += [[f"{one.last}, {one.first}", str(one.user), f"M{one.number}", one.id, "A", "", ""] for one in people]
    rows.append(["Student, Test", "99999", "", "c0ffee0123456789", "A", "", ""])
    return as_text(rows)


def gradescope_roster(people: Iterable[Person]) -> str:
    rows = [["First Name", "Last Name", "SID", "Email", "Role", "Sections"]]
    rows += [[one.first, one.last, f"M{one.number}", one.email, "Student", ""] for one in people]
    rows.append(["Ina", "Structor", "", "ina@example.org", "Instructor", ""])
    return as_text(rows)


def gradescope_metadata(submissions: dict[str, list[Person]], moment: str = "2027-03-01 21:59:30.123456000 Z") -> bytes:
    lines = ["---"]
    for number, (name, people) in enumerate(submissions.items()):
        lines += [f"{name}:", "  :submitters:"]
        for one in people:
            lines += [f"  - :name: {one.first} {one.last}", f"    :sid: M{one.number}", f"    :email: {one.email}"]
        lines += ["  :created_at: !ruby/object:ActiveSupport::TimeWithZone", f"    utc: &{number + 2} {moment}"]
        zone = "*1" if number else "&1 !ruby/object:ActiveSupport::TimeZone\n      name: Etc/UTC"
        lines += [f"    zone: {zone}", f"    time: *{number + 2}"]
        lines += ["  :score: 0.0", "  :status: processed", "  :history: []"]
    return "\n".join(lines).encode()


def as_text(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
