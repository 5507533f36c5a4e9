"""``gradstop class``: enters a list of students, renames or forgets one, and says what that has changed."""

from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from gradstop.course import CourseError, find_assignment
from gradstop.grading.nbgrader_bridge.course import Course, open_course
from gradstop.grading.platforms.class_list import write_class
from gradstop.grading.platforms.enrolment import Enrolment, enrol
from gradstop.grading.platforms.people import enter_in_gradebook, everybody, who_by_what
from gradstop.grading.platforms.renaming import forget, rename
from gradstop.grading.platforms.rosters import read_roster


def class_command(root: Path, options: Namespace) -> int:
    """Enter a list, or rename or forget a student; without any of these, say who is in the class.

    Raises:
        CourseError: where more than one is asked for.

    """
    course = open_course(root)
    if sum(map(bool, (options.file, options.rename, options.forget))) > 1:
        raise CourseError("One at a time: a FILE, --rename OLD NEW, or --forget ID.")
    if options.rename:
        lines = rename(course, *options.rename)
    elif options.forget:
        lines = forget(course, options.forget)
    elif options.file:
        assignment = find_assignment(root, options.assignment).name if options.assignment else ""
        lines = enter(course, options.file, assignment)
    else:
        lines = [f"{one.id:<20} {one.first} {one.last}  {one.email}" for one in everybody(course).students.values()]
        lines.append(f"{len(lines)} in the class.")
    for line in lines:
        print(line)
    return 0


def enter(course: Course, path: Path, assignment: str) -> list[str]:
    """Enter a list of students in the class list and in the gradebook, and say what has changed."""
    roster, people = read_roster(path), everybody(course)
    done = enrol(people, roster, assignment)
    write_class(course.root, people)
    enter_in_gradebook(course, [people.students[name] for name in (*done.added, *done.changed, *done.same)])
    lines = list(_told(done, path.name))
    if not assignment and any(row.participant for row in roster.rows):
        lines.append(
            "The participants' numbers belong to one assignment, and were not kept: say which it is with "
            "--assignment, and names that two students share can be told apart."
        )
    return lines


def _told(done: Enrolment, name: str) -> Iterable[str]:
    """Say what an enrolment has done."""
    counts = {"added": len(done.added), "changed": len(done.changed), "as before": len(done.same)}
    yield f"{name}: {', '.join(f'{count} {what}' for what, count in counts.items())}."
    if done.added:
        yield f"added: {', '.join(done.added)}"
    yield from (f"changed: {', '.join(names)}: {what}" for what, names in who_by_what(done.changed).items())
    yield from (f"left out: {what}" for what in done.left_out)
    if done.absent:
        yield f"not in {name}, and kept: {', '.join(done.absent)} (gradstop class --forget NAME takes one out)"
