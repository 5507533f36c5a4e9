"""Gives a student another name, or takes one out: the gradebook, hand-ins, results and the class list follow.

Each part is done where it is still to do, so that the same command ends what was interrupted.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from nbgrader.api import Student, SubmittedAssignment

from gradstop.course import CourseError, did_you_mean
from gradstop.grading.intake.student_name import wrong_with_name
from gradstop.grading.nbgrader_bridge.course import Course
from gradstop.grading.platforms.class_list import composed, read_class, write_class
from gradstop.grading.platforms.people import quiet_gradebook
from gradstop.grading.result_store import result_store_of

ATTEMPTS, FORGOTTEN = Path("grading", "attempts"), Path("grading", "forgotten")


def rename(course: Course, old: str, new: str) -> list[str]:
    """Give a student another user name.

    Raises:
        CourseError: where there is no such student, somebody has the new name, or it can be nobody's.

    """
    old, new = composed(old), composed(new)
    if wrong := wrong_with_name(new):
        raise CourseError(f"{new!r} {wrong}: choose another name.")
    moves = [(folder, folder.with_name(new)) for folder in _folders(course, old)]
    people = read_class(course.root)
    with quiet_gradebook(course) as gradebook:
        known = {one.id: one for one in gradebook.students}
        if not moves and old not in known and old not in people.students:
            raise _nobody(course, old, known)
        if any({old, new} <= names.keys() for names in (known, people.students)) or any(to.exists() for _, to in moves):
            raise CourseError(f"There is a student {new!r} already: choose another name, or forget one of the two.")
        for folder, to in moves:
            folder.rename(to)
        result_store_of(course.root).rename(old, new)
        if old in known:
            one = known[old]
            gradebook.db.add(
                Student(id=new, **{key: getattr(one, key) for key in ("first_name", "last_name", "email")})
            )
            gradebook.db.flush()
            entries = gradebook.db.query(SubmittedAssignment).filter(SubmittedAssignment.student_id == old)
            entries.update({"student_id": new}, synchronize_session=False)
            gradebook.db.query(Student).filter(Student.id == old).delete(synchronize_session=False)
            gradebook.db.commit()
    if old in people.students:
        people.add(replace(people.students.pop(old), id=new))
        write_class(course.root, people)
    return [f"{old} is {new} now: in the gradebook, the class list, {len(moves)} folders, and the results."]


def forget(course: Course, student: str) -> list[str]:
    """Take a student out; what was handed in is moved to ``grading/forgotten``.

    Raises:
        CourseError: where there is no such student.

    """
    student = composed(student)
    folders, people = _folders(course, student), read_class(course.root)
    with quiet_gradebook(course) as gradebook:
        known = {one.id for one in gradebook.students}
        if not folders and student not in known and student not in people.students:
            raise _nobody(course, student, known)
        if student in known:
            gradebook.remove_student(student)
    result_store_of(course.root).forget(student)
    if people.students.pop(student, None):
        write_class(course.root, people)
    lines = [f"{student} is out of the gradebook, the class list and the results."]
    if folders:
        place = _free(course.root / FORGOTTEN / student)
        for folder in folders:
            to = place / folder.parent.relative_to(course.root / "grading")
            to.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(to)
        lines.append(f"What they handed in is in {place.relative_to(course.root)}.")
    return lines


def _folders(course: Course, student: str) -> list[Path]:
    """Return all folders of a student: hand-ins, what was made of them, earlier hand-ins."""
    places = [
        course.root / str(getattr(course.directories, f"{which}_directory"))
        for which in ("submitted", "autograded", "feedback")
    ]
    places += sorted((course.root / ATTEMPTS).glob("*"))
    return [place / student for place in places if (place / student).is_dir()]


def _free(path: Path) -> Path:
    """Return a folder that is not there yet: this one, or with a number."""
    number, found = 1, path
    while found.exists():
        number, found = number + 1, path.with_name(f"{path.name}-{number + 1}")
    return found


def _nobody(course: Course, name: str, known: Iterable[str]) -> CourseError:
    return CourseError(f"There is no student {name!r}.{did_you_mean(name, [*known, *course.handed_in()])}")
