"""Reads who works together: a table with a column of groups and one that names a student.

Canvas' export of groups is one, Moodle's list of participants with its column of groups another.
"""

from pathlib import Path

from gradstop.course import CourseError
from gradstop.grading.platforms.class_list import ClassList
from gradstop.grading.platforms.enrolment import known_student
from gradstop.grading.platforms.rosters import read_roster


def read_groups(path: Path, people: ClassList) -> dict[str, list[str]]:
    """Return the members of each group by its name.

    Raises:
        CourseError: where the file has no groups, or names somebody who is not in the class or is in two groups.

    """
    groups: dict[str, list[str]] = {}
    of: dict[str, str] = {}
    for row in read_roster(path).rows:
        if not row.group:
            continue
        student = known_student(people, row)
        if student is None:
            who = row.id or row.email or row.name or f"{row.first} {row.last}"
            raise CourseError(f"{path.name}, line {row.line}: {who!r} is nobody of the class, or may be two of them.")
        if of.setdefault(student.id, row.group) != row.group:
            raise CourseError(
                f"{path.name}, line {row.line}: {student.id} is in {of[student.id]!r} and in {row.group!r}: keep one."
            )
        groups.setdefault(row.group, []).append(student.id)
    if not groups:
        raise CourseError(f"{path.name} has no groups: a column Group is wanted, and one that names a student.")
    return groups
