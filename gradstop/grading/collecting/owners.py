"""Finds in the class list whose a delivery is. Two of one name are named, and not guessed at."""

from collections.abc import Iterator
from dataclasses import replace

from gradstop.grading.collecting.deliveries import Called, Delivery
from gradstop.grading.intake.plain_files import UnreadableError, printable
from gradstop.grading.platforms.class_list import CANVAS, GRADESCOPE, MOODLE, ClassList, Student, letters

MAX_DASHES = 10  # of a group's name
_UNNAMED = {
    CANVAS: "Canvas grades this assignment anonymously, and no list says who that is: take Anonymous Grading off it, "
    "and download the submissions again",
    GRADESCOPE: "nothing says whose it is: the archive has no submission_metadata.yml at its top that names it",
}
_NUMBERS = (f"{MOODLE}.number", f"{CANVAS}.sis", f"{GRADESCOPE}.sid")


class UnknownOwnerError(UnreadableError):
    """Nobody of the class is called so, or ``several`` are."""

    def __init__(self, message: str, several: bool = False) -> None:
        super().__init__(message)
        self.several = several


def owners(people: ClassList, groups: dict[str, list[str]], delivery: Delivery, assignment: str) -> list[str]:
    """Return the students who have handed this in, with all of their groups.

    Args:
        people: the class.
        groups: the members of each group by its name.
        delivery: what was handed in.
        assignment: the assignment's name, whose participants' numbers count.

    Raises:
        UnknownOwnerError: where one of those whom the platform names is not known; the message says what to do.

    """
    if not delivery.people:
        raise UnknownOwnerError(_UNNAMED[delivery.platform])
    found = list[str]()
    for called in delivery.people:
        found += _group_called(groups, called) or [find_owner(people, called, assignment).id]
    teams = [members for members in groups.values() if {*members} & {*found}]
    return sorted({*found, *(member for members in teams for member in members)})


def find_owner(people: ClassList, called: Called, assignment: str) -> Student:
    """Return whom a platform means.

    Raises:
        UnknownOwnerError: where nobody is meant, or more than one may be.

    """
    sure = [("participant", called.participant), ("canvas.user", called.user), ("email", called.email)]
    sure += [(number, called.number) for number in _NUMBERS]
    for kind, value in [*sure, ("id", called.id)]:
        if len(found := people.find(kind, value, assignment)) == 1:
            return found[0]
    for name in _spellings(called.name):
        found = [one for one in people.find("name", name) if not _is_another(one, called, assignment)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownOwnerError(_of_one_name(called, found), several=True)
    what = printable(called.name or called.email or called.number)
    raise UnknownOwnerError(f"nobody in the class is called {what!r}: enter them with gradstop class FILE.csv")


def is_known(people: ClassList, text: str) -> bool:
    """Whether a text is the user name, address or name of somebody in the class, or of several."""
    try:
        return bool(find_owner(people, Called(name=text, id=text, email=text), ""))
    except UnknownOwnerError as unknown:
        return unknown.several


def note_called(people: ClassList, owner: Student, called: Called) -> None:
    """Remember the number that Canvas has for a student; it tells them apart next time."""
    if called.user and not owner.on(CANVAS, "user"):
        known = {**owner.platforms.get(CANVAS, {}), "user": called.user}
        people.add(replace(owner, platforms={**owner.platforms, CANVAS: known}))


def _of_one_name(called: Called, found: list[Student]) -> str:
    names = " or ".join(one.id for one in found)
    mend = "the assignment's grading worksheet: gradstop class WORKSHEET.csv --assignment ASSIGNMENT"
    if called.user:
        mend = "Canvas' gradebook: gradstop class GRADEBOOK.csv"
    return f"{printable(called.name)!r} may be {names}: enter {mend}; it tells them apart"


def _is_another(student: Student, called: Called, assignment: str) -> bool:
    """Whether somebody of this name is known to have another number."""
    hand_in = student.hand_ins.get(assignment)
    pairs = [
        (hand_in.participant if hand_in else "", called.participant),
        (student.on(CANVAS, "user"), called.user),
        (student.email.casefold(), called.email.casefold() if "@" in called.email else ""),
    ]
    return any(one and other and one != other for one, other in pairs)


def _spellings(name: str) -> Iterator[str]:
    """Yield a name, what it may be where the zip's encoding was another, and what follows a group's name."""
    yield name
    for encoding in ("cp1252", "cp850"):
        try:
            yield name.encode("cp437").decode(encoding)
        except UnicodeError:
            continue
    parts = name.split("-")
    yield from ("-".join(parts[start:]) for start in range(1, min(len(parts), MAX_DASHES + 1)))


def _group_called(groups: dict[str, list[str]], called: Called) -> list[str]:
    """Return the members of the group that a platform names in the place of a student."""
    wanted = letters(called.name)
    return next((members for name, members in groups.items() if wanted and letters(name) == wanted), [])
