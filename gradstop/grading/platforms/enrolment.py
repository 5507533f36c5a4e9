"""Enters a list of students: finds who is known already, names the others, and says what changes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gradstop.grading.intake.student_name import wrong_with_name
from gradstop.grading.platforms.class_list import CANVAS, GRADESCOPE, MOODLE, ClassList, HandIn, Student
from gradstop.grading.platforms.rosters import Roster, Row, emails_parts

_NUMBER = {
    MOODLE: "number",
    CANVAS: "sis",
    GRADESCOPE: "sid",
}  # how each platform's part calls the institution's number


@dataclass
class Enrolment:
    """What a list of students has done to the class list: who was added, what changed, who was and was not in it."""

    added: list[str] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)  # by student, what
    same: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def enrol(people: ClassList, roster: Roster, assignment: str = "") -> Enrolment:
    """Enter all of a list in ``people``. Nobody is taken out.

    ``assignment`` is the one that the participants' numbers of a grading worksheet belong to; without it they are not
    kept.
    """
    done, seen, before = Enrolment(left_out=list(roster.left_out)), set[str](), set(people.students)
    parts = Counter(emails_parts(roster.rows))
    for row in roster.rows:
        found = known_student(people, row, assignment)
        name = found.id if found else _new_name(people, row, parts)
        if name in seen:
            done.left_out.append(f"line {row.line}: {name!r} stands there a second time")
        elif found is None and (wrong := wrong_with_name(name)):
            done.left_out.append(f"line {row.line}: the user name {name!r} {wrong}: give them another one")
        else:
            seen.add(name)
            old, new = found or Student(name), _entered(found or Student(name), row, roster.platform, assignment)
            people.add(new)
            if found is None:
                done.added.append(name)
            elif told := list(_differences(old, new)):
                done.changed[name] = ", ".join(told)
            else:
                done.same.append(name)
    done.absent = sorted(before - seen)
    return done


def known_student(people: ClassList, row: Row, assignment: str = "") -> Student | None:
    """Return who of the class a row is about; None where nobody is, or more than one may be."""
    numbers = [("number", f"{platform}.{key}", row.number) for platform, key in _NUMBER.items()]
    sure = [("id", row.id), ("canvas.user", row.user), ("canvas.login", row.id), ("email", row.email)]
    sure += [(kind, value) for _, kind, value in numbers]
    if assignment:
        sure.append(("participant", row.participant))
    for kind, value in sure:
        if len(found := people.find(kind, value, assignment)) == 1:
            return found[0]
    called = people.find("name", row.name or f"{row.first} {row.last}")
    if len(called) == 1 and not _another(called[0], row):
        return called[0]
    return None


def _another(student: Student, row: Row) -> bool:
    """Whether somebody of the same name is another person: an address, a user or a number is another."""
    pairs = [(student.email, row.email), (student.on(CANVAS, "user"), row.user)]
    pairs += [(student.on(platform, key), row.number) for platform, key in _NUMBER.items()]
    return any(one and other and one.casefold() != other.casefold() for one, other in pairs)


def _new_name(people: ClassList, row: Row, parts: Counter[str]) -> str:
    """Return the user name: as the list says it, or what stands before the @, or the number."""
    part = row.email.partition("@")[0]
    alone = part if parts[part.casefold()] == 1 and not people.find("id", part) else row.email
    return row.id or alone or row.number or row.user or row.name


def _entered(student: Student, row: Row, platform: str, assignment: str) -> Student:
    """Return a student with what a row says; where it says nothing, what was known stays."""
    entered = replace(student, email=row.email or student.email)
    # A whole name says the same as its parts, and not where one ends and the other begins.
    if not row.name or row.name.split() != f"{student.first} {student.last}".split():
        entered = replace(entered, first=row.first or student.first, last=row.last or student.last)
    if not platform:
        return entered
    called = {"name": row.name, _NUMBER[platform]: row.number}
    if platform == CANVAS:
        called |= {"user": row.user, "login": row.id, "section": row.section}
    told = {key: value for key, value in called.items() if value}
    known = {**student.platforms.get(platform, {}), **told}
    hand_ins = student.hand_ins
    if assignment and row.participant:
        hand_in = hand_ins.get(assignment, HandIn(MOODLE))
        hand_ins = {**hand_ins, assignment: replace(hand_in, participant=row.participant)}
    platforms = {**student.platforms, platform: known} if known else student.platforms
    return replace(entered, platforms=platforms, hand_ins=hand_ins)


def _differences(old: Student, new: Student) -> Iterator[str]:
    for what in ("first", "last", "email"):
        one, other = getattr(old, what), getattr(new, what)
        if one != other:
            yield f"{what} {one!r} is now {other!r}" if one else f"{what} {other!r}"
    if old.platforms != new.platforms or old.hand_ins != new.hand_ins:
        yield "what a platform calls them"
