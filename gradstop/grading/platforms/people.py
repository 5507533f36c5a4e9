"""The class list together with the students of the gradebook, which nbgrader's own commands enter too."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from nbgrader.api import Gradebook
from nbgrader.api import Student as Entry
from sqlalchemy.exc import SAWarning

from gradstop.grading.nbgrader_bridge.course import Course
from gradstop.grading.nbgrader_bridge.gradebook import open_gradebook
from gradstop.grading.platforms.class_list import ClassList, Student, read_class


@contextmanager
def quiet_gradebook(course: Course) -> Iterator[Gradebook]:
    """Open the course's gradebook without nbgrader's warnings on how it fills its tables."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        with open_gradebook(course.directories) as gradebook:
            yield gradebook


def everybody(course: Course) -> ClassList:
    """Return the class list with all whom the gradebook knows; its names and addresses count where they are set."""
    people = read_class(course.root)
    with quiet_gradebook(course) as gradebook:
        known = [(one.id, one.first_name, one.last_name, one.email) for one in gradebook.students]
    for name, first, last, email in known:
        old = people.students.get(name, Student(name))
        called = first or old.first, last or old.last, email or old.email
        people.add(Student(name, *called, old.platforms, old.hand_ins))
    return people


def enter_in_gradebook(course: Course, students: Iterable[Student]) -> None:
    """Enter students with their names and addresses, in one transaction."""
    with quiet_gradebook(course) as gradebook:
        known = {one.id: one for one in gradebook.students}
        for one in students:
            entry = known.get(one.id) or Entry(id=one.id)
            for column, value in (("first_name", one.first), ("last_name", one.last), ("email", one.email)):
                if value:
                    setattr(entry, column, value)
            gradebook.db.add(entry)
        gradebook.db.commit()


def who_by_what(said: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the students of whom the same is said, by what that is: for a message that says it once."""
    found: dict[str, list[str]] = {}
    for student, what in said.items():
        found.setdefault(what, []).append(student)
    return found
