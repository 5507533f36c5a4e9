"""``gradstop extend``: lets students hand in later than the due date, takes that back, lists it."""

from argparse import Namespace
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from gradstop.course import Assignment, CourseError, did_you_mean, find_assignment
from gradstop.grading.extensions import Extensions, changed_extensions, read_extensions
from gradstop.grading.intake.timestamp import in_utc
from gradstop.grading.nbgrader_bridge.course import Course, open_course
from gradstop.grading.nbgrader_bridge.gradebook_writer import open_gradebook_writer
from gradstop.grading.platforms.class_list import ClassList
from gradstop.grading.platforms.people import everybody, quiet_gradebook

_HOW = 'gradstop extend ann 03-detach "2027-03-08 23:59 UTC", or gradstop extend ann 03-detach --none'


def extend_command(root: Path, options: Namespace) -> int:
    """Change or list extensions. With an assignment alone, or with nothing, they are listed.

    Raises:
        CourseError: for a student or an assignment that is not known or has no due date, and for what is no date.

    """
    course, words = open_course(root), list(options.words)
    if len(words) < 2 and not options.none:
        for line in listed(read_extensions(root), find_assignment(root, words[0]).name if words else ""):
            print(line)
        return 0
    if len(words) < (2 if options.none else 3):
        raise CourseError(f"Say who, which assignment and until when: {_HOW}.")
    until = None if options.none else words.pop()
    assignment = find_assignment(root, words.pop())
    people = everybody(course)
    students = list(_meant(course, people, words, assignment.name if options.group else ""))
    with quiet_gradebook(course) as gradebook:
        due = due_date(gradebook, assignment.name)
    moment = _until(course, until, due) if until is not None else None
    with changed_extensions(root) as extensions:
        kept = extensions.until.setdefault(assignment.name, {})
        for student in students:
            if moment is None:
                kept.pop(student, None)
            else:
                kept[student] = moment
    _enter(course, assignment, students)
    for student in students:
        print(f"{student} may hand in {assignment.name} until {_said(moment or due.replace(tzinfo=UTC))}.")
    if assignment.name in people.best:
        print(f"Which of several attempts is the best may be another one now: gradstop grade {assignment.name}")
    return 0


def due_date(gradebook: Gradebook, assignment: str) -> datetime:
    """Return an assignment's due date, in UTC and without a zone.

    Raises:
        CourseError: where it has none, so that nobody can be late.

    """
    try:
        due = gradebook.find_assignment(assignment).duedate
    except MissingEntry:
        due = None
    if due is None:
        raise CourseError(
            f"{assignment} has no due date, so nobody is late and there is nothing to extend. To give it one: "
            f'nbgrader db assignment add {assignment} --duedate "2027-03-01 23:59 UTC".'
        )
    return due  # type: ignore[no-any-return]


def listed(extensions: Extensions, assignment: str = "") -> Iterator[str]:
    """Yield a line for each extension, of one assignment or of all."""
    found = {name: kept for name, kept in sorted(extensions.until.items()) if kept and name in (assignment or name)}
    for name, kept in found.items():
        yield from (f"{student:<20} {name:<20} until {_said(moment)}" for student, moment in sorted(kept.items()))
    if not found:
        yield f"Nobody has an extension{f' for {assignment}' if assignment else ''}."


def _meant(course: Course, people: ClassList, names: Iterable[str], group_of: str) -> Iterator[str]:
    """Yield the students who are named, each once; with a ``group_of`` an assignment, their groups for it too."""
    known, seen = {*people.students, *course.handed_in()}, set[str]()
    for name in names:
        if name not in known:
            raise CourseError(f"There is no student {name!r}.{did_you_mean(name, known)} gradstop class lists them.")
        hand_in = people.students[name].hand_ins.get(group_of) if name in people.students else None
        for one in (name, *(hand_in.group if hand_in else ())):
            if one not in seen:
                seen.add(one)
                yield one


def _until(course: Course, text: str, due: datetime) -> datetime:
    """Return the moment that a text says: without a zone it is of the course's, ``c.Exchange.timezone``, or UTC."""
    try:
        found = in_utc(text.strip(), str(course.config.Exchange.get("timezone", "") or "UTC"))
    except ValueError as error:
        raise CourseError(f"{text!r} is {error}.") from None
    if found <= due:
        raise CourseError(
            f"{_said(found.replace(tzinfo=UTC))} is no later than the due date, {_said(due.replace(tzinfo=UTC))}."
        )
    return found.replace(tzinfo=UTC)


def _enter(course: Course, assignment: Assignment, students: list[str]) -> None:
    """Enter it for those who have handed in already, with what being late costs now; nothing is graded again."""
    with open_gradebook_writer(course.config, assignment) as writer:
        writer.count_late_days_again(students, read_extensions(course.root))


def _said(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
