"""Picks out of a delivery the notebook of the assignment, whatever it is called now, and the files beside it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from gradstop.course import Assignment
from gradstop.grading.collecting.archive import CHECKPOINTS, Entry
from gradstop.grading.collecting.deliveries import Delivery
from gradstop.grading.intake.bounds import (
    MAX_CANDIDATES,
    MAX_FILES,
    MAX_FILES_SIZE,
    MAX_LEVELS,
    MAX_LOOKED_AT,
    MAX_VALUES,
)
from gradstop.grading.intake.plain_files import MAX_NAMES, UnreadableError, printable
from gradstop.grading.intake.submission import read_cells
from gradstop.grading.intake.template import Cell, Template, text
from gradstop.grading.intake.timestamp import NAME as TIMESTAMP

_NOTEBOOK = re.compile(r"\.ipynb($|[^a-z0-9])", re.IGNORECASE)
_PACKED = re.compile(r"\.(rar|7z|tar|t?[gbx]z2?|zst)$", re.IGNORECASE)
_NUMBER = re.compile(r"[ _-]*\(?(\d{1,4})\)?$")
MAX_FILE_NAME = 200  # bytes; most disks take 255
NEVER = datetime.min.replace(tzinfo=UTC)  # what has no time is the earliest
_TYPED = ("onlinetext.html", "text.html", "link.html")


@dataclass(frozen=True)
class Attempt:
    """One notebook that was handed in, with the files beside it.

    ``number`` is that of a copy, ``detach (2).ipynb``; ``untouched`` says that nothing was answered in it.
    """

    notebook: bytes
    files: dict[str, bytes]
    moment: datetime | None
    zoned: bool
    path: str
    number: int = 0
    untouched: bool = False

    def same_work(self, other: "Attempt") -> bool:
        """Whether another attempt has the same bytes, whenever it was handed in."""
        return self.notebook == other.notebook and self.files == other.files


@dataclass
class Picked:
    """What was picked out of a delivery: the notebook that counts, others of the assignment, and what is said of it."""

    chosen: Attempt
    others: list[Attempt]
    notes: list[str]


@dataclass(frozen=True)
class _Candidate:
    name: str
    entry: Entry
    data: bytes
    cells: list[Cell] | None
    why: str = ""


def pick(delivery: Delivery, assignment: Assignment, template: Template) -> Picked:
    """Pick the notebook of an assignment out of a delivery.

    Of several one counts in which something is answered; of these the latest, or the copy with the highest number.
    A damaged notebook of the right name is picked too: that it was handed in is a fact, and grading says what is wrong.

    Raises:
        UnreadableError: where there is none; the message says what there is.

    """
    named = [name for name in delivery.files if _may_be(name, assignment)]
    candidates = _looked_at(sorted(named, key=lambda name: (_is_copy(name), not _is_named(name, assignment))), delivery)
    right = [one for one in candidates if one.cells is not None and not template.is_of_another(one.cells)]
    right = right or [one for one in candidates if one.cells is None and one.data and _is_named(one.name, assignment)]
    saved = [one for one in right if not _is_copy(one.name)]
    copies = (
        []
        if saved
        else [f"taken is a copy that Jupyter keeps, {printable(one.name)}: ask for the notebook" for one in right]
    )
    right = saved or right
    if not right:
        raise UnreadableError(_what_there_is(delivery, candidates, assignment))
    attempts, left_out, size = list[tuple[datetime, Attempt]](), dict[str, None](), MAX_FILES_SIZE
    for one in right:
        files, others = _beside(one.name, delivery, {*named}, size)
        size -= sum(map(len, files.values()))
        left_out |= dict.fromkeys(others)
        attempt = Attempt(
            *(one.data, files, delivery.moment or one.entry.moment, delivery.moment is not None or one.entry.zoned),
            *(one.entry.path, _copy_number(one.name), one.cells is not None and _is_untouched(one.cells, template)),
        )
        attempts.append((one.entry.changed or NEVER, attempt))
    left_out |= dict.fromkeys(
        f"{printable(one.name)} ({_why(one, assignment)})"
        for one in candidates
        if one not in right and not _is_copy(one.name)
    )
    seen = {one.name for one in candidates}
    left_out |= dict.fromkeys(f"{printable(name)} (one of many)" for name in named if name not in seen)
    notes = [f"left out: {_few(list(left_out))}"] if left_out else []
    notes += copies + [f"will not be graded: {one.why}" for one in right if one.why]
    attempts.sort(key=lambda one: (not one[1].untouched, one[0], one[1].number))
    *rest, chosen = (attempt for _, attempt in attempts)
    return Picked(chosen, [one for one in rest if not one.same_work(chosen)], notes)


def _may_be(name: str, assignment: Assignment) -> bool:
    """Whether a file may be a notebook by its name: its ending, or the assignment's name with one of text."""
    last = name.rpartition("/")[2]
    textual = last.lower().endswith((".json", ".txt")) and last.lower().startswith(assignment.notebook.stem)
    return bool(_NOTEBOOK.search(last)) or textual


def _is_named(name: str, assignment: Assignment) -> bool:
    return name.rpartition("/")[2].lower().startswith(assignment.notebook.stem)


def _is_copy(name: str) -> bool:
    """Whether Jupyter has put a notebook there, which may be older than the one beside it."""
    return name.rpartition("/")[0].rpartition("/")[2] == CHECKPOINTS


def _looked_at(names: list[str], delivery: Delivery) -> list[_Candidate]:
    """Read notebooks, not very many and not very much."""
    found, size, values = list[_Candidate](), 0, 0
    for name in names[:MAX_CANDIDATES]:
        if size >= MAX_LOOKED_AT or values >= 2 * MAX_VALUES:
            break
        found.append(_read(name, delivery.files[name]))
        size += len(found[-1].data)
        values += min(MAX_VALUES, sum(map(found[-1].data.count, (b",", b"[", b"{"))))
    return found


def _read(name: str, entry: Entry) -> _Candidate:
    try:
        data = entry.read()
    except UnreadableError as error:
        return _Candidate(name, entry, b"", None, str(error))
    try:
        return _Candidate(name, entry, data, read_cells(data, name.rpartition("/")[2]))
    except UnreadableError as error:
        return _Candidate(name, entry, data, None, str(error))


def _copy_number(name: str) -> int:
    """Return the number that a browser or a platform has given a copy: ``detach (2).ipynb``, ``detach-2.ipynb``."""
    found = _NUMBER.search(name.rpartition("/")[2].partition(".ipynb")[0])
    return int(found[1]) if found else 0


def _is_untouched(cells: list[Cell], template: Template) -> bool:
    """Whether no cell differs from those that were handed out."""
    given = {text(cell).strip() for cell in template.notebook["cells"]}
    return all(text(cell).strip() in given or not text(cell).strip() for cell in cells)


def _beside(name: str, delivery: Delivery, taken: set[str], left: int) -> tuple[dict[str, bytes], list[str]]:
    """Return the files that lie where a notebook does and below, the nearest first, and what is left out and why.

    They are few, and of ``left`` bytes at most.
    """
    folder, files, left_out = name.rpartition("/")[0], dict[str, bytes](), list[str]()
    for other, entry in sorted(delivery.files.items(), key=lambda item: item[0].count("/")):
        last = other.rpartition("/")[2]
        if other in taken or last in _TYPED:
            continue
        if folder and not other.startswith(f"{folder}/"):
            left_out.append(f"{printable(other)} (not beside the notebook)")
            continue
        called = other[len(folder) + 1 :] if folder else other
        if why := _why_not_written(called, files):
            left_out.append(f"{printable(other)} ({why})")
            continue
        if len(files) >= MAX_FILES or left < 0:
            left_out.append(f"{printable(other)} (more than {MAX_FILES} files, or {MAX_FILES_SIZE / 1e6:.0f} MB)")
            continue
        try:
            data = entry.read()
        except UnreadableError as error:
            left_out.append(f"{printable(other)} ({error})")
            continue
        left -= len(data)
        if left < 0:
            left_out.append(f"{printable(other)} (more than {MAX_FILES_SIZE / 1e6:.0f} MB in all)")
        elif called != TIMESTAMP:  # a student does not say when it came in
            files[called] = data
    return files, left_out


def _why_not_written(called: str, files: dict[str, bytes]) -> str:
    """Say why a file cannot lie below the notebook under this name, or nothing."""
    *folders, _ = parts = called.split("/")
    if any(not part.isprintable() or len(part.encode()) > MAX_FILE_NAME for part in parts):
        return "its name is too long, or cannot be shown"
    if len(folders) > MAX_LEVELS:
        return f"more than {MAX_LEVELS} folders deep"
    within = {"/".join(folders[:count]) for count in range(1, len(folders) + 1)}
    if within & files.keys() or any(one == TIMESTAMP or one.endswith(".ipynb") for one in within):
        return "its folder has the name of a file"
    return ""


def _what_there_is(delivery: Delivery, candidates: list[_Candidate], assignment: Assignment) -> str:
    """Say why no notebook was picked."""
    if candidates:
        return _few([f"{printable(one.name)}: {_why(one, assignment)}" for one in candidates])
    there, names = _few([printable(name) for name in delivery.files]), delivery.files
    mend = "unpack it, and collect the folder" if any(map(_PACKED.search, names)) else "ask for the notebook itself"
    return f"{assignment.notebook.name} is expected, there is {there}: {mend}"


def _why(one: _Candidate, assignment: Assignment) -> str:
    return one.why or f"no notebook of {assignment.name}, none of its exercises is in it; ask for the right one"


def _few(names: list[str]) -> str:
    """Return a few of the names, and how many others there are."""
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")
