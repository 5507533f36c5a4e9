"""The error clinic: its entries, read from the executed notebooks, and the table of all their messages."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from gradstop.course import CourseError, read_json, read_text, section_titles
from gradstop.course.files import BOOK
from gradstop.course.sections import anchor

INDEX = "errors.md"
UNRAISED = "Not raised here"
START, END = "<!-- all messages, written by gradstop refresh -->", "<!-- end of all messages -->"

Cell = dict[str, Any]

_WARNING = re.compile(r"^(\w*Warning): ", re.MULTILINE)
_LINK = re.compile(r"\]\(([\w-]+)\.(?:ipynb|md)#([\w-]+)\)")
_UNRAISED_ROW = re.compile(r"^\| `(.+?)` \| (.+?) \| .+ \|$", re.MULTILINE)
_CHAPTER = re.compile(r"\d\d-")


@dataclass(frozen=True)
class Message:
    """What torch says: the kind, ``RuntimeError``, and the whole text as the notebook shows it."""

    kind: str
    text: str

    @property
    def line(self) -> str:
        """The text's first paragraph in one line; what follows it is advice on several lines."""
        return " ".join(self.text.split("\n\n")[0].split())

    def row(self, address: str) -> str:
        """Return the message's row of the table, linked to ``address``."""
        fence = "``" if "`" in self.line else "`"
        pad = " " if "`" in self.line else ""
        text = self.line.replace("|", r"\|")
        kind = f"{self.kind} (a warning)" if self.kind.endswith("Warning") else self.kind
        return f"| [{fence}{pad}{text}{pad}{fence}]({address}) | {kind} |"


@dataclass(frozen=True)
class Entry:
    """One section of a clinic page: cells that raise, **Why.**, **Cure.** and perhaps **Not a cure.**."""

    page: str
    heading: str
    cells: tuple[Cell, ...]

    @property
    def place(self) -> str:
        """The entry's page and anchor, ``errors-backward#got-2-tensors-and-1-gradients``."""
        return f"{self.page}#{anchor(self.heading)}"

    @property
    def raising(self) -> list[Cell]:
        """The code cells before **Why.**."""
        return _code_before("**Why.**", self.cells)

    @property
    def messages(self) -> list[Message]:
        """What the raising cells say, in order."""
        return list(dict.fromkeys(message for cell in self.raising for message in _messages(cell)))

    @property
    def links(self) -> list[str]:
        """The places that the entry's text links to, ``03-detach#to-numpy``."""
        return [f"{page}#{name}" for cell in self.cells for page, name in _LINK.findall(_source(cell))]

    def faults(self, places: set[str]) -> Iterator[str]:
        """Yield what the entry lacks; ``places`` are the sections and entries that a link may name."""
        if not self.messages:
            yield "no cell before **Why.** gives a message"
        elif not any(anchor(self.heading) in anchor(message.text) for message in self.messages):
            yield "the heading is not a piece of the message"
        if not re.fullmatch("[A-Za-z][A-Za-z0-9 -]*", self.heading):
            yield "the heading has more than letters, digits, spaces and hyphens, so its anchor is not stable"
        if not any(_source(cell).startswith("**Why.**") for cell in self.cells):
            yield "no **Why.**"
        if not self._shown("**Cure.**"):
            yield "no **Cure.** with a code cell after it that runs"
        if any("**Not a cure.**" in _source(cell) for cell in self.cells) and not self._shown("**Not a cure.**", True):
            yield "**Not a cure.** has no code cell after it"
        if not any(_CHAPTER.match(link) for link in self.links):
            yield "no link to a chapter's section"
        pages = {place.partition("#")[0] for place in places}
        for link in self.links:
            if link.partition("#")[0] in pages and link not in places:
                yield f"it links to {link}, which does not exist"

    def _shown(self, mark: str, may_raise: bool = False) -> bool:
        for cell, following in zip(self.cells, self.cells[1:], strict=False):
            if mark in _source(cell).split("\n\n")[-1]:
                return following["cell_type"] == "code" and (may_raise or not _errors(following))
        return False


def clinic_pages(root: Path) -> list[Path]:
    """Return the clinic's notebooks."""
    return sorted((root / BOOK).glob("errors-*.ipynb"))


def read_entries(page: Path) -> list[Entry]:
    """Return the entries of an executed page, in order."""
    cells = read_json(page)["cells"]
    starts = [index for index, cell in enumerate(cells) if _source(cell).startswith("## ")]
    return [
        Entry(page.stem, _source(cells[start]).split("\n")[0].removeprefix("## ").strip(), tuple(cells[start:end]))
        for start, end in zip(starts, [*starts[1:], len(cells)], strict=True)
    ]


def unraised(root: Path) -> dict[str, str]:
    """Return the messages that no cell raises, as the index lists them, each with where torch raises it."""
    table = read_text(root / BOOK / INDEX).partition(f"## {UNRAISED}\n")[2]
    return dict(_UNRAISED_ROW.findall(table))


def setup_cells(page: Path) -> list[Cell]:
    """Return the code cells before the page's first entry."""
    return _code_before("## ", read_json(page)["cells"])


def faults(root: Path) -> list[str]:
    """Return what is wrong with the clinic's entries, a line for each fault."""
    entries = [entry for page in clinic_pages(root) for entry in read_entries(page)]
    places = {entry.place for entry in entries} | set(section_titles(root))
    found = [f"{entry.place}: {fault}" for entry in entries for fault in entry.faults(places)]
    seen: dict[str, str] = {}
    for entry in entries:
        for text in [entry.place, *(message.line for message in entry.messages)]:
            if text in seen:
                found.append(f"{entry.place}: {text!r} is also in {seen[text]}")
            seen[text] = entry.place
    return found


def write_table(root: Path) -> None:
    """Write the table of all messages into the clinic's index.

    Raises:
        CourseError: if an entry is malformed.

    """
    if found := faults(root):
        raise CourseError("The error clinic is malformed:\n  " + "\n  ".join(found))
    path = root / BOOK / INDEX
    path.write_text(with_table(read_text(path), root), encoding="utf-8")


def with_table(text: str, root: Path) -> str:
    """Return the index's text with its table renewed.

    Raises:
        CourseError: if the place for it is not marked.

    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not end:
        raise CourseError(f"{BOOK}/{INDEX} has no lines {START!r} and {END!r}: the table goes between them.")
    return f"{before}{start}\n\n{_table(root)}\n\n{end}{after}"


def _table(root: Path) -> str:
    entries = [entry for page in clinic_pages(root) for entry in read_entries(page)]
    found = [(message, entry) for entry in entries for message in entry.messages]
    rows = [
        message.row(f"{entry.page}.ipynb#{anchor(entry.heading)}")
        for message, entry in sorted(found, key=lambda pair: anchor(pair[0].text))
    ]
    return "\n".join(["| the whole message | its kind |", "|---|---|", *rows])


def _messages(cell: Cell) -> Iterator[Message]:
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            yield Message(output["ename"], output["evalue"])
        elif output["output_type"] == "stream":
            _, *pairs = _WARNING.split("".join(output["text"]))
            for kind, text in zip(pairs[::2], pairs[1::2], strict=True):
                yield Message(kind, text.strip())


def _errors(cell: Cell) -> bool:
    return any(output["output_type"] == "error" for output in cell["outputs"])


def _code_before(mark: str, cells: Iterable[Cell]) -> list[Cell]:
    before = takewhile(lambda cell: not _source(cell).startswith(mark), cells)
    return [cell for cell in before if cell["cell_type"] == "code"]


def _source(cell: Cell) -> str:
    return "".join(cell["source"])
