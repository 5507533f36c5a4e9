"""Whose each file of an archive is, as the platform's names say it: Moodle, Canvas, Gradescope, or a folder for each.

- Moodle: ``Ann Lee_4711_assignsubmission_file_/detach.ipynb``, or the same as one name. The number is the participant's
  in this assignment. Before the name may stand a group's: ``Team 1-Ann Lee_4711_…``.
- Canvas: ``leeann_12345_67890_detach.ipynb``, the user's number and the file's; ``leeann_LATE_12345_…``. In a group
  assignment the group's name stands first. Where Canvas grades anonymously: ``LATE_anon_x7Bq2_67890_detach.ipynb``.
- Gradescope: ``submission_123/detach.ipynb``, and ``submission_metadata.yml`` says whose it is.
- Any other: the first folder, or the name of a loose file, is a user name, an address or a name.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from gradstop.grading.collecting.archive import Entry
from gradstop.grading.collecting.gradescope import METADATA, Submitted, read_metadata
from gradstop.grading.platforms.class_list import CANVAS, GRADESCOPE, MOODLE

_MOODLE = re.compile(r"(?P<name>.+)_(?P<participant>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?", re.I)
_CANVAS = re.compile(r"(?P<name>[^/]+?)_(?:(?i:late)_)?(?P<user>\d+)_(?:(?P<number>\d+)_)?(?P<file>.+)")
_CANVAS_TEXTS = ("text.html", "link.html")  # what was typed, and an address
_CANVAS_UNNAMED = re.compile(r"(?i:late_)?(anon_[A-Za-z0-9]{5})_(?:\d+_)?(.+)")
_GRADESCOPE = re.compile(r"submission_\d+")


@dataclass(frozen=True)
class Called:
    """What a platform says of whose a hand-in is; what it does not say is empty."""

    name: str = ""
    id: str = ""
    email: str = ""
    participant: str = ""
    user: str = ""
    number: str = ""


@dataclass
class Delivery:
    """What one student, or a group, has handed in: each file with its own name, without what the platform put before.

    ``label`` is what it is called in a message; ``moment`` is when, where the platform says it apart from the files.
    """

    platform: str
    label: str
    people: list[Called]
    files: dict[str, Entry] = field(default_factory=dict)
    moment: datetime | None = None


def deliveries(entries: Iterable[Entry], is_known: Callable[[str], bool]) -> list[Delivery]:
    """Sort files by whom they are of; ``is_known`` says whether a text is what somebody of the class is called.

    Raises:
        CourseError: for Gradescope's list of who handed in what, where it cannot be read.

    """
    entries = list(entries)
    submitted: dict[str, Submitted] = {}
    common = os.path.commonprefix([entry.path for entry in entries])  # noqa: RUF071 - a folder ends with a slash
    for entry in entries:
        if _is_list_of_all(entry, common):
            submitted |= read_metadata(entry)
    found: dict[tuple[str, str], Delivery] = {}
    numbers = Counter[tuple[str, str, str]]()
    for entry in entries:
        if _is_list_of_all(entry, common):
            continue
        delivery, name, place = whose(entry, submitted, is_known)
        key = delivery.platform, delivery.label
        kept = found.setdefault(key, delivery)
        while name in kept.files:
            numbers[(*key, name)] += 1
            name = _numbered(name, numbers[(*key, name)] + 1)
        kept.files[name] = entry.of_owner(place)
    return list(found.values())


def whose(entry: Entry, submitted: dict[str, Submitted], is_known: Callable[[str], bool]) -> tuple[Delivery, str, int]:
    """Return whose a file is, the file's own name, and the number of the path's part that says it."""
    for place, part in enumerate(entry.parts):
        rest = "/".join(entry.parts[place + 1 :])
        if part in submitted:
            told = submitted[part]
            people = [Called(name=one.name, email=one.email, number=one.sid) for one in told.submitters]
            return Delivery(GRADESCOPE, part, people, moment=told.moment), rest or part, place
        if (seen := _MOODLE.fullmatch(part)) is not None:
            who = Called(name=seen["name"], participant=seen["participant"])
            return Delivery(MOODLE, f"{seen['name']}_{seen['participant']}", [who]), rest or seen["file"] or part, place
        if (seen := _CANVAS_UNNAMED.fullmatch(part)) is not None:
            return Delivery(CANVAS, seen[1], []), f"{seen[2]}/{rest}" if rest else seen[2], place
        if (seen := _CANVAS.fullmatch(part)) is not None and (seen["number"] or seen["file"] in _CANVAS_TEXTS):
            who, name = Called(name=seen["name"], user=seen["user"]), seen["file"]
            return Delivery(CANVAS, f"{seen['name']}_{seen['user']}", [who]), f"{name}/{rest}" if rest else name, place
        if _GRADESCOPE.fullmatch(part):
            return Delivery(GRADESCOPE, part, []), rest, place
        if any(map(is_known, _names(entry, place))):  # what is below may be named by whoever handed it in
            break
    return _plain(entry, is_known)


def _plain(entry: Entry, is_known: Callable[[str], bool]) -> tuple[Delivery, str, int]:
    """Sort a file by the first part of its path that somebody is called by, or else by its first part."""
    for place, part in enumerate(entry.parts):
        for who in _names(entry, place):
            if is_known(who):
                rest = "/".join(entry.parts[place + 1 :]) or part
                return Delivery("", who, [Called(name=who, id=who, email=who)]), rest, place
    who = entry.parts[0]
    return Delivery("", who, [Called(name=who, id=who, email=who)]), "/".join(entry.parts[1:]) or who, 0


def _names(entry: Entry, place: int) -> Iterator[str]:
    """Yield what a part of a path may be called after: a folder as it is, a file or a zip without its ending."""
    part = entry.parts[place]
    if place == len(entry.parts) - 1 or part.lower().endswith(".zip"):
        yield from _stems(part)
    else:
        yield part


def _stems(name: str) -> Iterator[str]:
    """Yield what a loose file may be called after: all before its ending, and before the last line or dash."""
    stem = name.partition(".ipynb")[0] if ".ipynb" in name else name.rpartition(".")[0] or name
    yield stem
    for cut in (stem.rpartition("_")[0], stem.partition("_")[0], stem.rpartition("-")[0]):
        if cut:
            yield cut


def _is_list_of_all(entry: Entry, common: str) -> bool:
    """Whether a file is Gradescope's list: all else lies where it does. Any other of its name is a student's.

    Args:
        entry: the file.
        common: what the paths of all files begin with.

    """
    return entry.parts[-1] == METADATA and common.startswith(entry.path.removesuffix(METADATA))


def _numbered(name: str, number: int) -> str:
    """Return another name for a file: a platform's names differ, those in a student's zip need not."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem} ({number}){dot}{ending}" if dot else f"{name} ({number})"
