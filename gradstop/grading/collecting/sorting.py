"""Sorts what an archive holds to the students of the class: whose it is, and which notebook counts."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from gradstop.course import Assignment
from gradstop.grading.collecting.archive import Archive
from gradstop.grading.collecting.deliveries import Delivery, deliveries
from gradstop.grading.collecting.notebooks import Attempt, pick
from gradstop.grading.collecting.owners import UnknownOwnerError, find_owner, is_known, note_called, owners
from gradstop.grading.intake.plain_files import UnreadableError, printable
from gradstop.grading.intake.template import Template
from gradstop.grading.platforms.class_list import ClassList, HandIn

MAX_SAID = 50  # files of one hand-in that are named where it could not be taken


@dataclass
class Collected:
    """What one student has handed in: by attempt how the platform calls it, other notebooks, and what is said of it."""

    hand_ins: list[tuple[Attempt, HandIn]] = field(default_factory=list)
    others: list[Attempt] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Sorted:
    """What an archive holds: by student, and what could not be taken, by its name and why."""

    students: dict[str, Collected] = field(default_factory=dict)
    not_taken: dict[str, str] = field(default_factory=dict)


def sort_archive(
    archive: Archive, people: ClassList, groups: dict[str, list[str]], assignment: Assignment, template: Template
) -> Sorted:
    """Sort the files of an archive. What a platform calls a student is noted in ``people``.

    Raises:
        CourseError: where Gradescope's list of who handed in what cannot be read.

    """
    found = Sorted(not_taken={printable(name, 200): why for name, why in archive.left_out.items()})
    for delivery in deliveries(archive.entries, lambda text: is_known(people, text)):
        try:
            who = owners(people, groups, delivery, assignment.name)
            picked = pick(delivery, assignment, template)
        except UnreadableError as reason:
            found.not_taken |= {path: str(reason) for path in _paths(delivery)}
            continue
        path = picked.chosen.path.encode(errors="replace").decode()  # a folder's names need be no text
        own = dict(_own_participants(people, delivery, assignment.name))
        for student in who:
            hand_in = HandIn(delivery.platform, path, own.get(student, ""), who if len(who) > 1 else [])
            collected = found.students.setdefault(student, Collected())
            collected.hand_ins.append((_whole_seconds(picked.chosen), hand_in))
            collected.others += map(_whole_seconds, picked.others)
            collected.notes += picked.notes
    return found


def _own_participants(people: ClassList, delivery: Delivery, assignment: str) -> Iterator[tuple[str, str]]:
    """Yield whom a platform names itself, with the participants' numbers; what else it calls them is noted."""
    for called in delivery.people:
        try:
            owner = find_owner(people, called, assignment)
        except UnknownOwnerError:
            continue  # a group's name
        note_called(people, owner, called)
        yield owner.id, called.participant


def _paths(delivery: Delivery) -> Iterator[str]:
    """Yield how a delivery's files are called in the archive; of very many the first, and how many others there are."""
    yield from (printable(entry.path, 200) for entry in islice(delivery.files.values(), MAX_SAID))
    if len(delivery.files) > MAX_SAID:
        yield f"{len(delivery.files) - MAX_SAID} more of {printable(delivery.label)}"


def _whole_seconds(attempt: Attempt) -> Attempt:
    """Return an attempt with its time as it is written and read again."""
    return replace(attempt, moment=attempt.moment.replace(microsecond=0)) if attempt.moment else attempt
