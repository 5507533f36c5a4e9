"""The class list, ``grading/class.json``: each student, and how each learning platform calls them and their hand-ins.

The file is JSON with the number of its format::

    {"format": 1, "best": ["03-detach"], "students": [{
        "id": "ann", "first": "Ann", "last": "Lee", "email": "ann@example.org",
        "platforms": {"moodle": {"name": "Ann Lee", "number": "4711"},
                      "canvas": {"name": "Lee, Ann", "user": "12345", "login": "ann", "sis": "s4711", "section": "A"},
                      "gradescope": {"name": "Ann Lee", "sid": "4711"}},
        "hand_ins": {"03-detach": {"platform": "moodle", "path": "Ann Lee_98_assignsubmission_file_/detach (1).ipynb",
                                   "participant": "98", "group": []}}}]}

``id`` is the student's name in the gradebook and among the folders. A participant's number is Moodle's own for each
assignment, so it stands with the hand-in; the grading worksheet brings it too, with an empty ``path``. ``group`` lists
all who handed this in together. ``path`` is the notebook's place in the archive, as the platform named it. ``best``
lists the assignments of which a student's best attempt counts.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from gradstop.course.data_file import read_data_file
from gradstop.course.write_whole import write_whole

NAME, FORMAT = Path("grading", "class.json"), 1
ATTEMPTS = Path("grading", "attempts")  # ASSIGNMENT/STUDENT/TIME: the hand-ins that do not count
MOODLE, CANVAS, GRADESCOPE = "moodle", "canvas", "gradescope"


@dataclass(frozen=True)
class HandIn:
    """How a platform calls what a student handed in for one assignment; the page above says what each part is."""

    platform: str
    path: str = ""
    participant: str = ""
    group: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Student:
    """A student: the gradebook's name, the person's, and by platform what this calls them."""

    id: str
    first: str = ""
    last: str = ""
    email: str = ""
    platforms: dict[str, dict[str, str]] = field(default_factory=dict)
    hand_ins: dict[str, HandIn] = field(default_factory=dict)

    def on(self, platform: str, key: str) -> str:
        """Return what a platform calls this student, such as ``on("canvas", "user")``; empty where it is not known."""
        return self.platforms.get(platform, {}).get(key, "")

    def names(self) -> Iterator[str]:
        """Yield the ways to write this student's whole name."""
        if self.first or self.last:
            yield f"{self.first} {self.last}"
            yield f"{self.last} {self.first}"
        yield from (known["name"] for known in self.platforms.values() if known.get("name"))


@dataclass
class ClassList:
    """The students of a course by their names in the gradebook, in order; the assignments whose best attempt counts."""

    students: dict[str, Student] = field(default_factory=dict)
    best: set[str] = field(default_factory=set)
    # By kind and assignment, who is or was called what: a class is looked through once, and not for each file's name.
    _known: dict[tuple[str, str], dict[str, dict[str, None]]] = field(default_factory=dict, repr=False, compare=False)

    def find(self, kind: str, value: str, assignment: str = "") -> list[Student]:
        """Return all students who are called so: nobody, one, or several of one name.

        Args:
            kind: ``id``, ``email``, ``name`` (whole, in any order of first and last, whatever its case, accents and
                spaces), ``participant`` (Moodle's of the ``assignment``), or ``PLATFORM.KEY`` such as ``canvas.user``.
            value: what they are called; nobody is called nothing.
            assignment: for ``participant`` alone.

        """
        wanted = letters(value) if kind == "name" else composed(value).casefold()
        if (kind, assignment) not in self._known:
            self._known[kind, assignment] = {}
            for one in self.students.values():
                self._note(one, kind, assignment)
        found = self._known[kind, assignment].get(wanted, ()) if wanted else ()
        called = [self.students[name] for name in found if name in self.students]
        return [one for one in called if wanted in _called(one, kind, assignment)]

    def _note(self, student: Student, kind: str, assignment: str) -> None:
        for value in _called(student, kind, assignment):
            self._known[kind, assignment].setdefault(value, {})[student.id] = None

    def add(self, student: Student) -> None:
        """Enter a student, in the place of one of this name."""
        self.students[student.id] = student
        for kind, assignment in self._known:
            self._note(student, kind, assignment)

    def note_hand_in(self, student: str, assignment: str, hand_in: HandIn) -> None:
        """Remember how a platform calls what a student handed in."""
        one = self.students.get(student) or Student(student)
        self.add(replace(one, hand_ins={**one.hand_ins, assignment: hand_in}))


@dataclass(frozen=True)
class _File:
    format: int
    students: list[Student]
    best: list[str] = field(default_factory=list)


def read_class(root: Path) -> ClassList:
    """Return the class list of the course at ``root``; an empty one where there is none yet.

    Raises:
        CourseError: where the file is damaged, or of a later format.

    """
    found = read_data_file(root, NAME, _File, FORMAT, "Move it away, and enter the class again.")
    return ClassList({one.id: one for one in found.students}, {*found.best}) if found else ClassList()


def write_class(root: Path, people: ClassList) -> None:
    """Write the class list at once or not at all.

    Raises:
        CourseError: where it cannot be written.

    """
    students = [people.students[name] for name in sorted(people.students)]
    data = msgspec.json.encode(_File(FORMAT, students, sorted(people.best)))
    write_whole(root / NAME, msgspec.json.format(data, indent=1) + b"\n")


def composed(name: str) -> str:
    """Return a name in its composed form (NFC) without spaces around: one student has one name, however it is coded."""
    return unicodedata.normalize("NFC", name).strip()


def letters(name: str) -> str:
    """Return a name as it is compared: without case, accents, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[\W_]+", "", "".join(sign for sign in plain if not unicodedata.combining(sign)))


def _called(student: Student, kind: str, assignment: str) -> set[str]:
    """Return what a student is called of this kind, each in the form in which it is compared."""
    if kind == "name":
        return {letters(name) for name in student.names()}
    values: Iterable[str]
    if kind == "participant":
        values = [student.hand_ins[assignment].participant] if assignment in student.hand_ins else []
    elif "." in kind:
        values = [student.on(*kind.split(".", 1))]
    else:
        values = [student.id if kind == "id" else student.email]
    return {composed(value).casefold() for value in values}
