"""On which other versions of torch the book and its checks were tried: ``book/torch-versions.json``."""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from gradstop.course.files import BOOK

FILE = Path(BOOK, "torch-versions.json")


@dataclass(frozen=True)
class CellDifference:
    """A cell whose output is another one: the lines of the stored output that are not there, and those in their place.

    ``page`` is the notebook's path in the repository, ``cell`` the cell's id, ``number`` its execution count.
    """

    page: str
    cell: str
    number: int
    stored: tuple[str, ...]
    here: tuple[str, ...]


@dataclass(frozen=True)
class VerdictDifference:
    """A known answer, or the solution, that gets another verdict: what it should get, and what it got."""

    exercise: str
    answer: str
    wanted: str
    got: str


@dataclass(frozen=True)
class StatementDifference:
    """A sentence of a page whose probe finds that it does not hold for some of the kinds of input it was tried on."""

    page: str
    sentence: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class TorchVersion:
    """What was found on one version of torch; ``tried`` counts all, and the lists have what differs."""

    python: str
    tried: dict[str, int]
    cells: list[CellDifference] = field(default_factory=list)
    verdicts: list[VerdictDifference] = field(default_factory=list)
    statements: list[StatementDifference] = field(default_factory=list)


def read_versions(root: Path) -> dict[str, TorchVersion]:
    """Return what is known of other versions of torch, by version; nothing where there is no file."""
    path = root / FILE
    return msgspec.json.decode(path.read_bytes(), type=dict[str, TorchVersion]) if path.is_file() else {}
