"""The error clinic: every entry is whole, its message is what torch says, and the index holds all of them."""

import contextlib
import io
import json
import re
import warnings
from dataclasses import replace
from itertools import zip_longest

import pytest
import torch
from support.course import ROOT

from gradstop.authoring import refresh as refreshing
from gradstop.authoring.clinic import (
    END,
    INDEX,
    START,
    Message,
    clinic_pages,
    faults,
    read_entries,
    setup_cells,
    unraised,
    with_table,
    write_table,
)
from gradstop.checking.recording import plain_version
from gradstop.course import CourseError
from gradstop.course.files import BOOK
from gradstop.course.torch_versions import read_versions

PAGES = clinic_pages(ROOT)
ENTRIES = [entry for page in PAGES for entry in read_entries(page)]
TRIED = read_versions(ROOT).get(plain_version(torch.__version__))
OTHERS = {(cell.page, cell.cell): cell for cell in TRIED.cells} if TRIED else {}
FILLER = re.compile(r"\b(let's|simply|note that|of course|obviously)\b", re.IGNORECASE)


def source(cell):
    return "".join(cell["source"])


def test_there_are_enough_entries():
    assert len(ENTRIES) >= 40


def test_every_entry_is_whole_and_no_message_stands_twice():
    assert faults(ROOT) == []


def test_the_table_is_made_of_what_the_pages_raise():
    text = (ROOT / BOOK / INDEX).read_text()
    assert text == with_table(text, ROOT), "run gradstop refresh --only errors-"


def test_no_message_names_a_file_an_address_or_a_line():
    for entry in ENTRIES:
        for message in entry.messages:
            assert not re.search(r"0x[0-9a-f]{6}|/(tmp|home|usr)/|site-packages|ipykernel|\.(cpp|py):", message.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_raising_cells_of_an_entry_need_only_the_set_up(page):
    """They run here without a kernel, in the order of the page, each entry in a namespace of its own."""
    always = torch.is_warn_always_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for entry in read_entries(page):
                namespace = {"__name__": "__main__"}
                said = []
                for cell in [*setup_cells(page), *entry.raising]:
                    said += run(source(cell), namespace)
                assert list(dict.fromkeys(said)) == worded_here(page, entry), entry.place
        finally:
            torch.set_warn_always(always)
            if torch.distributed.is_initialized():  # by a page on several processes
                torch.distributed.destroy_process_group()


def worded_here(page, entry):
    """Return an entry's messages, on another torch as the record of it has them."""
    cells = [OTHERS.get((f"{BOOK}/{page.name}", cell["id"])) for cell in entry.raising]
    lines = {was: here for cell in cells if cell for was, here in zip_longest(cell.stored, cell.here)}
    worded = []
    for message in entry.messages:
        known = next((line for line in (message.text, f"{message.kind}: {message.text}") if line in lines), None)
        if known is None:
            worded.append(message)
        elif lines[known]:
            worded.append(replace(message, text=lines[known].removeprefix(f"{message.kind}: ")))
    return worded


def run(code, namespace):
    """Run a cell and return the messages: the warnings that the page prints, then the error."""
    code = re.sub("^%.*$", "", code, flags=re.MULTILINE)
    printed, raised = io.StringIO(), []
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(code, "cell", "exec"), namespace)
        except Exception as error:
            raised.append(Message(type(error).__name__, str(error)))
    _, *pairs = re.split(r"^(\w*Warning): ", printed.getvalue(), flags=re.MULTILINE)
    return [Message(kind, text.strip()) for kind, text in zip(pairs[::2], pairs[1::2], strict=True)] + raised


def test_only_what_needs_a_gpu_is_listed_as_not_raised():
    assert len(unraised(ROOT)) >= 3
    assert all(source.endswith("on a GPU") for source in unraised(ROOT).values())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.place)
def test_an_entry_is_short(entry):
    prose = " ".join(source(cell) for cell in entry.cells[1:] if cell["cell_type"] == "markdown")
    prose = re.sub(r"\]\([^)]*\)", "]", prose)
    assert len(prose.split()) <= 110
    assert not FILLER.findall(prose)
    for cell in entry.cells:
        if cell["cell_type"] == "code":
            assert len(source(cell).splitlines()) <= 9
            assert max(map(len, source(cell).splitlines())) <= 78


def markdown(text):
    return {"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}


def code(text, *outputs):
    return {"cell_type": "code", "id": "b", "metadata": {}, "source": text, "execution_count": 1, "outputs": outputs}


def error(text, kind="RuntimeError"):
    return {"output_type": "error", "ename": kind, "evalue": text, "traceback": []}


def stream(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


def whole(message="no such leaf: [2]", heading="no such leaf"):
    """Return the cells of an entry that lacks nothing."""
    return [
        markdown(f"## {heading}"),
        code("a()", error(message)),
        markdown("**Why.** See [Targets](03-detach.ipynb#targets).\n\n**Cure.** Write b."),
        code("b()", stream("1.0")),
        markdown("**Not a cure.** c runs."),
        code("c()", stream("0.0")),
    ]


@pytest.fixture
def course(tmp_path):
    """Return a function that lays out a course with a chapter and a clinic page of these cells."""
    book = tmp_path / BOOK
    book.mkdir()
    lay(book / "03-detach.ipynb", [markdown("## Targets")])
    (book / INDEX).write_text(f"before\n\n{START}\nstale\n{END}\n\nafter\n")

    def laid(cells):
        lay(book / "errors-new.ipynb", [markdown("# New"), code("import torch"), *cells])
        return tmp_path

    return laid


def lay(path, cells):
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def test_a_whole_entry_has_no_fault(course):
    assert faults(course(whole())) == []


def test_the_table_gives_the_whole_message_with_a_link(course):
    root = course(whole())
    write_table(root)
    text = (root / BOOK / INDEX).read_text()
    assert "| [`no such leaf: [2]`](errors-new.ipynb#no-such-leaf) | RuntimeError |" in text
    assert text.startswith("before")
    assert text.endswith("after\n")
    assert "stale" not in text


def test_a_warning_is_marked_and_its_lines_are_joined(course):
    said = "UserWarning: no such\nleaf | `x`\n\nadvice\nFutureWarning: later\n"
    root = course([*whole()[:1], code("a()", stream(said)), *whole()[2:]])
    write_table(root)
    rows = (root / BOOK / INDEX).read_text()
    assert "| [`` no such leaf \\| `x` ``](errors-new.ipynb#no-such-leaf) | UserWarning (a warning) |" in rows
    assert "| [`later`](errors-new.ipynb#no-such-leaf) | FutureWarning (a warning) |" in rows


GOOD = whole()
MALFORMED = {
    "no cell before": [GOOD[0], *GOOD[2:]],
    "not a piece of the message": whole(heading="another text"),
    "its anchor is not stable": whole("no_such leaf", "no_such leaf"),
    "no **Why.**": [*GOOD[:2], markdown("**Cure.** See [Targets](03-detach.ipynb#targets)."), *GOOD[3:]],
    "no **Cure.**": [*GOOD[:3], *GOOD[4:]],
    "after it that runs": [*GOOD[:3], code("b()", error("b")), *GOOD[4:]],
    "**Not a cure.** has no": GOOD[:5],
    "no link to a chapter": [*GOOD[:2], markdown("**Why.** So.\n\n**Cure.** Write b."), *GOOD[3:]],
    "03-detach#target, which": [*GOOD[:4], markdown("See [a](03-detach.ipynb#target).")],
    "errors-new#old, which": [*GOOD[:4], markdown("See [a](errors-new.ipynb#old).")],
    "is also in": [*GOOD, *whole(heading="such leaf")],
}


@pytest.mark.parametrize("fault", MALFORMED)
def test_a_malformed_entry_is_refused_with_the_reason(course, fault):
    root = course(MALFORMED[fault])
    assert any(fault in found for found in faults(root))
    with pytest.raises(CourseError, match="malformed"):
        write_table(root)


def test_two_entries_of_one_heading_would_share_an_anchor(course):
    assert any("'errors-new#no-such-leaf' is also in" in f for f in faults(course([*whole(), *whole("no such leaf")])))


def test_an_index_without_a_place_for_the_table_is_refused(course):
    root = course(whole())
    (root / BOOK / INDEX).write_text(f"{START}\n")
    with pytest.raises(CourseError, match="goes between them"):
        write_table(root)


@pytest.mark.parametrize(("only", "written"), [("", True), ("errors-new", True), ("03-detach", False)])
def test_refresh_renews_the_table_when_a_clinic_page_is_meant(course, monkeypatch, only, written):
    root = course(whole())
    monkeypatch.setattr(refreshing, "execute", lambda path: None)
    lines = list(refreshing.refresh(root, only))
    assert (f"{BOOK}/{INDEX}: the table of all messages" in lines) == written
    assert ("stale" not in (root / BOOK / INDEX).read_text()) == written
