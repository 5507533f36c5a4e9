"""The work on a submission's bytes outside of its sandbox: the worst known input at each limit, in a process apart.

Time is the processor's, with a bound of several times what was measured, and more on a slower one; memory is what the
process grew by.
"""

import gc
import io
import json
import os
import re
import resource
import socket
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from itertools import count
from pathlib import Path

import pytest
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import ansi2html, markdown2html
from nbconvert.filters.highlight import Highlight2HTML
from nbformat import from_dict, read
from support.course import ROOT
from support.processor import usual_seconds
from support.worst import filled

from gradstop.compare import CaseVerdict, Difference, Verdict
from gradstop.course import find_assignment
from gradstop.grading.collecting.archive import Entry, open_archive
from gradstop.grading.collecting.deliveries import Delivery, deliveries, whose
from gradstop.grading.collecting.gradescope import METADATA
from gradstop.grading.collecting.notebooks import pick
from gradstop.grading.collecting.owners import is_known
from gradstop.grading.collecting.placing import Places
from gradstop.grading.collecting.zip_collector import BoundedExtractor
from gradstop.grading.handing_back.page_bound import NO_ROOM, ShowNotTooMuch
from gradstop.grading.inside.channel import MISSING, Channel, ProtocolError
from gradstop.grading.intake import bounds
from gradstop.grading.intake.bounds import BOUNDS
from gradstop.grading.intake.html import clean_apart
from gradstop.grading.intake.outputs import finish_outputs, parse_outputs
from gradstop.grading.intake.plain_files import UnreadableError, printable
from gradstop.grading.intake.submission import read_cells, read_submission
from gradstop.grading.intake.template import is_check, shorten_code
from gradstop.grading.intake.timestamp import read_timestamp
from gradstop.grading.judging.bundle import handed_out_template
from gradstop.grading.judging.judge import Judged
from gradstop.grading.judging.parse import parse_record
from gradstop.grading.judging.reasons import with_reasons
from gradstop.grading.judging.token_digest import tokens_of
from gradstop.grading.nbgrader_bridge.register import course_config
from gradstop.grading.platforms.class_list import ClassList, Student
from gradstop.grading.platforms.rosters import read_roster
from gradstop.logs import readable

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("bounds")]
PATIENCE, ROOM = 5, 40  # times what was measured; MiB more than that
MB = 1_000_000
TEMPLATE = handed_out_template(find_assignment(ROOT, "03-detach"))
BY_PLACE = {bound.place: bound for bound in BOUNDS}


def cost(work: Callable[[], object]) -> tuple[float, float]:
    """Return what work takes in a fork of this process: seconds of the usual processor, MiB by which it grew."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            gc.freeze()  # what other tests have left is not looked through again and again
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
            seconds = usual_seconds(lambda: readable_or_not(work))
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            os.write(theirs, json.dumps([seconds, grown / 1024]).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as told:
        text = told.read()
    os.waitpid(pid, 0)
    assert text, "it raised, or was ended"
    return tuple(json.loads(text))


def readable_or_not(work: Callable[[], object]) -> None:
    with suppress(UnreadableError):
        work()


def within(place: str, work: Callable[[], object]) -> None:
    seconds, memory = cost(work)
    bound = BY_PLACE[place]
    assert seconds <= PATIENCE * bound.seconds
    assert memory <= bound.memory + ROOM


def test_security_says_what_the_code_has():
    text = (ROOT / "SECURITY.md").read_text()
    rows = [f"| {b.place} | {b.limit} | {b.beyond} | {b.seconds:g} s | {b.memory} MiB |" for b in BOUNDS]
    assert [row for row in rows if row not in text] == []


# Reading ------------------------------------------------------------------------------------------------------------

VALUES = bounds.MAX_VALUES
JSON = {
    "lists in each other": lambda: "[" * MB,
    "objects in each other": lambda: '{"a":' * MB,
    "small lists": lambda: "[" + "[],[" * (VALUES // 3) + "]]",
    "too many lists": lambda: "[" + "[]," * (bounds.MAX_NOTEBOOK // 3 - 1) + "0]",
    "small objects": lambda: '{"cells": [' + '{"a":1},' * (VALUES // 2 - 2) + "{}]}",
    "keys": lambda: "{" + ",".join(f'"{number}":0' for number in range(VALUES - 1)) + "}",
    "one key": lambda: '{"cells": [], ' + ",".join(['"a":[]'] * (VALUES // 2 - 9)) + "}",
    "outputs": lambda: '{"cells":[{"outputs":[' + '{"output_type":"stream"},' * (VALUES // 2 - 9) + "{}]}]}",
    "strings": lambda: '["' + '","'.join(["aé"] * (VALUES - 9)) + '"]',
    "one string": lambda: '{"cells":[{"source":"\N{GRINNING FACE}' + "x" * 19 * MB + '"}]}',
    "escapes": lambda: '["' + '\\"' * 9 * MB + '"]',
    "half pairs": lambda: '["' + "\\ud800" * 3 * MB + '"]',
    "a string without end": lambda: '["' + "a," * 9 * MB,
    "quotes": lambda: '"' * 19 * MB,
    "numbers": lambda: "[" + ("9" * 4290 + ",") * 4000 + "1]",
    "a huge number": lambda: "[" + "9" * 19 * MB + "]",
    "exponents": lambda: "[" + "1e400," * (VALUES - 9) + "1]",
    "nothing": lambda: " " * 19 * MB,
    "lines": lambda: "\n" * 19 * MB + "x",
    "conflicts": lambda: filled("<<<<<<<", 19 * MB),
    "old cells": lambda: (
        '{"worksheets":[{"cells":[' + '{"cell_type":"heading","source":[]},' * (VALUES // 4) + "{}]}]}"
    ),
    "old outputs": lambda: (
        '{"worksheets":[{"cells":[{"cell_type":"code","outputs":['
        + '{"output_type":"stream"},' * (VALUES // 2 - 9)
        + "{}]}]}]}"
    ),
}


@pytest.mark.parametrize("name", JSON)
def test_a_notebook_is_read(name):
    data = JSON[name]().encode()
    within("the notebook is read, decoded and parsed", lambda: read_cells(data, "detach.ipynb"))


@pytest.mark.parametrize("number", [VALUES, VALUES + 10])
def test_the_number_of_values_counts_and_what_stands_in_strings_does_not(number):
    inside = json.dumps({"cells": [{"source": "[{," * VALUES}]}).encode()
    assert len(read_cells(inside, "detach.ipynb")) == 1
    if number > VALUES:
        with pytest.raises(UnreadableError, match="has more than 1000000 values: clear its outputs"):
            read_cells(b'{"cells": [], "a": [' + b"0," * number + b"0]}", "detach.ipynb")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Hand in as many and as large files as a folder may have."""
    place = tmp_path_factory.mktemp("submitted") / "eve" / "03-detach"
    place.mkdir(parents=True)
    (place / "detach.ipynb").write_text("{}")
    for number in range(bounds.MAX_ENTRIES - 3):
        (place / f"{number:05}").write_bytes(b"x")
    with (place / "0").open("wb") as file:
        file.truncate(bounds.MAX_FILES_SIZE - 1000)
    with (place / "sparse").open("wb") as file:
        file.truncate(10_000 * MB)
    return place


@pytest.mark.parametrize("place", ["a student's folder is listed", "files beside it are read"])
def test_a_folder_is_read(folder, place):
    bound = BY_PLACE["files beside it are read"]
    seconds, memory = cost(lambda: read_submission("eve", folder / "detach.ipynb"))
    assert seconds <= PATIENCE * (bound.seconds + BY_PLACE[place].seconds)
    assert memory <= bound.memory + ROOM


def test_what_was_collected_before_is_read_no_further_than_it_is_collected(folder):
    attempt = Places(folder, folder.with_name("attempts"), "detach.ipynb").counting()
    assert attempt is not None
    assert len(attempt.files) == bounds.MAX_FILES
    assert sum(map(len, attempt.files.values())) <= bounds.MAX_FILES_SIZE


@pytest.mark.parametrize("unit", ["9", "2027-03-05 21:00 ", "A/", "2027-03-05 21:00 A/+", "\0", "\x1b[2J"])
def test_a_timestamp_is_read(tmp_path, unit):
    (tmp_path / "timestamp.txt").write_text(filled(unit, bounds.MAX_TIMESTAMP))
    within("`timestamp.txt` is read", lambda: read_timestamp(tmp_path))


# Putting back -------------------------------------------------------------------------------------------------------

UNITS = ["\n", " ", "def ", "async def\t", "s ", "stop ", "![", "<b ", "attachment:", "\N{GRINNING FACE}"]
FLOODS = {f"{kind}, {unit!r}": (kind, unit) for kind in ("code", "markdown") for unit in UNITS}


def put_back(cells) -> None:
    with suppress(UnreadableError):
        TEMPLATE.refuse_another(cells, "03-detach")
    TEMPLATE.restore(cells)


@pytest.mark.parametrize("name", FLOODS)
def test_a_cell_is_put_back(name):
    kind, unit = FLOODS[name]
    cells = [{"cell_type": kind, "source": filled(unit, 19 * MB // len(unit.encode()))}]
    within("it is put back into its form", lambda: put_back(cells))


ODD = {
    "cells": [{"cell_type": "markdown", "source": "x" * 9_000}] * bounds.MAX_CELLS,
    "lines": [{"cell_type": "code", "source": ["x"] * (VALUES - 9)}],
    "lists": [{"cell_type": "code", "source": [[[]]] * (VALUES // 4)}],
    "pictures": [
        {"cell_type": "markdown", "source": "", "attachments": {f"{n}": {"image/png": "A"} for n in range(VALUES // 5)}}
    ],
    "marks": [{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "stop"}}, "source": ""}] * bounds.MAX_CELLS,
}


@pytest.mark.parametrize("name", ODD)
def test_odd_cells_are_put_back(name):
    within("it is put back into its form", lambda: put_back(ODD[name]))


# Feedback -----------------------------------------------------------------------------------------------------------

MARKDOWN = ["![", "[", "[a](", "\\(", "\\begin{a}", "**a", "`a", "\n> > > > ", "\n- ", "a|b\n-|-\n", "<a ", "a\n=\n"]


@pytest.mark.parametrize("unit", MARKDOWN)
def test_texts_are_converted(unit):
    cells = [{"cell_type": "markdown", "source": filled(unit, bounds.MAX_TEXT)}] * 30

    def work():
        for cell in TEMPLATE.restore(cells)["cells"]:
            if cell["cell_type"] == "markdown":
                markdown2html(cell["source"])

    within("texts are made harmless, and converted for feedback", work)


CODE = ["x=", "{", "\\", "rb'", "@a.", "'%(", "...", "a.", "\n", "\r", " \n", "\t\n", "%%perl\ns{"]


@pytest.mark.parametrize("unit", CODE)
def test_code_is_coloured(unit):
    def work():
        cells = [{"cell_type": "code", "source": f"x{filled(unit, 2 * bounds.MAX_CODE)}x"} for _ in range(30)]
        shorten_code(cells)
        for cell in cells:
            Highlight2HTML()(cell["source"])

    within("code is coloured for feedback", work)


def test_code_of_usual_shape_is_shown_as_it_is_and_long_lines_and_many_blank_ones_are_cut():
    usual = "%%time\ndef f(x):\n" + "\n" * bounds.MAX_BLANK + f"    return '{'x' * 900}'\n\n"
    odd = f"{'x' * 2_000}\n" + "\n" * 60 + "y\n%%perl\n" + "z" * 900 + "\n" + "z" * 900 + "\n" + "z" * 900
    cells = [{"cell_type": "code", "source": source} for source in (usual, odd)]
    shorten_code(cells)
    assert cells[0]["source"] == usual
    long, *others = cells[1]["source"].splitlines()
    assert long == f"{'x' * bounds.MAX_WIDTH} # (cut: 2000 characters)"
    assert [line[:9] for line in others if line] == ["y", "%%perl", *["z" * 9] * 3, "# (cut: t"]
    assert others.count("") == bounds.MAX_BLANK + 1


def test_code_that_is_cut_says_so():
    cells = [{"cell_type": "code", "source": "x" + filled("\nx", bounds.MAX_CODE)} for _ in range(4)]
    shorten_code(cells)
    assert cells[0]["source"].endswith(f"\n\n# (cut: the code has {bounds.MAX_CODE + 1} characters)")
    assert cells[3]["source"].endswith(f"# (cut: all code has more than {bounds.MAX_CODES} characters)")
    assert sum(len(cell["source"]) for cell in cells) <= bounds.MAX_CODES + 4 * 120


COLOURS = ["\x1b[31m", "\x1b[", "\x1b[31mx", "\x1b[38;2;1;2;3mx", "\x1b[" + ";" * 100, "\x1b[1", "\x1b", "\b", "\r"]
COLOURS.append(f"\x1b[{'1;' * (MB // 8 - 9)}m")


@pytest.mark.parametrize("unit", COLOURS)
def test_colours_are_converted(unit):
    outputs = [{"output_type": "stream", "name": "stdout", "text": filled(unit, MB // 4)} for _ in range(40)]

    def work():
        finish_outputs([outputs])
        for output in outputs:
            ansi2html(output["text"])

    within("colours in outputs are converted for feedback", work)


def test_a_few_colours_stay_and_very_many_show_as_text():
    lines = ["\x1b[31mred\x1b[0m" * (bounds.MAX_ESCAPES // 40)] * 20
    error = {"output_type": "error", "ename": "E", "evalue": "e", "traceback": lines}
    (kept,) = parse_outputs([error])
    assert kept["traceback"] == lines
    (cut,) = parse_outputs([{**error, "traceback": [*lines, "\x1b[31mlast"]}])
    assert cut["traceback"] == [*lines, "\N{SYMBOL FOR ESCAPE}[31mlast"]
    (long,) = parse_outputs([{"output_type": "stream", "text": f"\x1b[31mx\x1b[{'1;' * bounds.MAX_ESCAPE}my"}])
    assert long["text"] == f"\x1b[31mx\N{SYMBOL FOR ESCAPE}[{'1;' * bounds.MAX_ESCAPE}my"


# Answers, outputs, observations -------------------------------------------------------------------------------------

ANSWERS = ["a;", "x\n", "0,", "def f():pass\n", "f'{x}'\n", "(", "-", "a.", "[0]", "lambda:", "'' ", "@a\n"]


@pytest.mark.parametrize("unit", ANSWERS)
def test_an_answer_is_parsed(unit):
    answer = filled(unit, bounds.MAX_ANSWER - 1) + "1"
    within("an answer is parsed for its tokens", lambda: tokens_of(answer))


@pytest.mark.parametrize("unit", [" ", "\t", "\n", "def ", "class\t", "async def ", "stop ", "stop=\n"])
def test_a_function_that_is_missing_is_looked_for(unit):
    nothing = Difference("the result", "raised", "", f"raises NameError ({MISSING})", "returns", "")
    judged = {"stop": Judged(Verdict("stop", (CaseVerdict("it is called", (), (nothing,)),)))}
    cells = [{"cell_type": "code", "source": filled(unit, 2 * bounds.MAX_ANSWER), "metadata": {}}] * bounds.MAX_CELLS
    within("a function that is missing is looked for", lambda: with_reasons(judged, cells, {}))


def html(*texts: str) -> list[dict]:
    return [{"output_type": "display_data", "data": {"text/html": text, "text/plain": "as text"}} for text in texts]


REOPENED = "<p>" + "".join(f"<i a{number}>" for number in range(400)) + "</p>"
OUTPUTS = {
    "objects": [{}] * (MB // 3),
    "kinds": [{"output_type": "display_data", "data": {f"{n}": "" for n in range(MB // 12)}}],
    "lines": [{"output_type": "error", "traceback": ["x"] * (MB // 4)}],
    "texts": [{"output_type": "stream", "text": "\ud800" * MB}] * 1,
    "a picture": [{"output_type": "display_data", "data": {"image/png": "A" * MB + "!"}}],
    "lists": {"a": [[]] * (MB // 3)},
}
HTML = {
    "reopened in each paragraph": REOPENED + "<p>x" * 11_000,
    "elements": "<div>" * 9_000,
    "tables": "<table><tr><td>" * 3_000,
    "in a table": "<table>" + "a<p>" * 12_000,
    "attributes": "<p " + " ".join(f"a{number}" for number in range(6_500)) + ">",
    "comments": "<!--" * 12_000,
    "entities": "&" * 49_000,
    "openings": "<" * 49_000,
    "quotes": "<a href='" * 5_000,
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_are_read(name):
    within("outputs are read", lambda: parse_outputs(OUTPUTS[name]))


@pytest.mark.parametrize("name", HTML)
@pytest.mark.parametrize("times", [1, 19])
def test_html_is_cleaned(name, times):
    assert len(HTML[name]) <= bounds.MAX_HTML
    within("HTML of outputs is cleaned", lambda: parse_outputs(html(*[HTML[name]] * times)))


def code(source: str, *outputs: dict) -> dict:
    return {"cell_type": "code", "source": source, "outputs": parse_outputs([*outputs]), "metadata": {}}


def text(source: str) -> dict:
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def stream(printed: str) -> dict:
    return {"output_type": "stream", "name": "stdout", "text": printed}


TRACE = {"output_type": "error", "ename": "E", "evalue": "e", "traceback": ["a"] * 50}
PAGES = {
    "cells": [code("")] * 700,
    "texts": [text("x")] * 700,
    "outputs": [code("", *html(*"x" * 200))] * 9,
    "errors": [code("1 / 0", TRACE)] * 700,
    "tokens": [code("x=" * 10_000)] * 3,
    "words": [code("alpha = beta\n" * 1_500)] * 3,
    "tables": [text("|a|b|c|d\n|-|-|-|-" + "\n||||" * 900)] * 10,
    "coloured texts": [text(f"```python\n{'x=' * 2_000}\n```")] * 10,
    "headings": [text("# a\n" * 1_200)] * 10,
    "colours": [code("", stream("\x1b[31mx" * 9_000))],
    "colours before a long text": [code("", stream("\x1b[31mx" * 5_000 + "x" * 200_000))],
    "signs": [code("", stream("<" * 240_000))] * 40,
    "signs of an error": [code("", {**TRACE, "traceback": ["&" * 9_000] * 50})] * 10,
    "tags": [code("", *html(*["<p>x</p>" * 100_000] * 9))],
    "entities": [code("", *html(*["&lt;" * 190_000] * 9))],
}
PAGES["all of it"] = [cell for cells in PAGES.values() for cell in cells[:40]]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_the_exercises_and_as_much_of_all_else_as_there_is_room_for(name):
    notebook = from_dict(TEMPLATE.restore([*TEMPLATE.notebook["cells"], *PAGES[name]]))
    for cell, given in zip(notebook.cells[-len(PAGES[name]) :], PAGES[name], strict=True):
        cell.update(from_dict(given))
    whole = len(notebook.cells)
    shown, _ = ShowNotTooMuch().preprocess(deepcopy(notebook), {})
    marks = [[cell.id for cell in one.cells if "nbgrader" in cell.metadata] for one in (notebook, shown)]
    assert marks[0] == marks[1]
    assert f"not shown: {NO_ROOM}" in str(shown) or f"(cut: {NO_ROOM}" in str(shown)
    assert len(shown.cells) <= whole + 1
    checks = sum(map(is_check, TEMPLATE.cells.values()))
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(shown)
    assert page.count("</") <= bounds.MAX_PARTS + bounds.PARTS_OF_EACH * checks


def test_nbgrader_s_pages_are_bounded():
    assert ShowNotTooMuch in course_config(ROOT).HTMLExporter.preprocessors


@pytest.mark.parametrize("name", ["03-detach", "09-patterns"])
def test_a_page_shows_all_of_a_solution_and_as_many_cells_of_code_again(name):
    assignment = find_assignment(ROOT, name)
    notebook = read(ROOT / "solutions" / name / assignment.notebook.name, 4)
    own = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells += [from_dict({**cell, "metadata": {}}) for cell in own]
    shown, _ = ShowNotTooMuch().preprocess(deepcopy(notebook), {})
    assert shown == notebook


LONG = {
    "reopened": [REOPENED + "<p>x" * 240_000],
    "attributes": ["<p " + " ".join(f"a{number}" for number in range(140_000)) + ">"],
    "entities": ["&" * 900_000] * 10,
    "elements": ["<div>" * 190_000] * 10,
}


@pytest.mark.parametrize("name", LONG)
def test_the_process_for_long_html_ends(name):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = clean_apart(["<b>first</b>", *LONG[name]], bounds.HTML_SECONDS, bounds.HTML_MEMORY)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert found == ["<b>first</b>", *[None] * len(LONG[name])]
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime <= bounds.HTML_SECONDS + 1


def reported(value: str) -> bytes:
    """Return a line that reports a value, as long as one may be."""
    return f'{{"seen": [["a", "value", {value}, ""]], "stopped": null}}\n'.encode()


REPORTS = {"lists": "[" + "[]," * 300_000 + "0]", "objects": "[" + "{}," * 300_000 + "0]", "text": f'"{"x" * 900_000}"'}


@pytest.mark.parametrize("name", REPORTS)
def test_observations_are_read(name):
    line = reported(REPORTS[name])

    def work():
        ours, theirs = socket.socketpair()
        threading.Thread(target=lambda: [theirs.sendall(line) for _ in count()], daemon=True).start()
        channel, kept = Channel(ours, most=bounds.MAX_REPORT), []
        with suppress(ProtocolError):
            for _ in count():
                kept.append(parse_record(channel.receive(20.0), "case"))
        assert len(kept) == bounds.MAX_REPORT // len(line)

    within("what is observed of an exercise is read", work)


# Collecting ---------------------------------------------------------------------------------------------------------


def zipped(*files: tuple[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, (2027, 3, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


ZIPS = {
    "entries": lambda: zipped(*((f"{number:0150}", b"") for number in range(bounds.MAX_ZIP_ENTRIES - 9))),
    "files": lambda: zipped(*((f"{number}.zip", zipped(("x", bytes(49 * MB)))) for number in range(9))),
    "zips": lambda: zipped(*((f"{number}.zip", zipped(("x", b"1")) + bytes(49 * MB)) for number in range(40))),
}


@pytest.mark.parametrize("name", ZIPS)
def test_an_archive_is_listed(tmp_path, name):
    (tmp_path / "m.zip").write_bytes(zipped(("ann/a.zip", ZIPS[name]())))

    def work():
        with open_archive(tmp_path / "m.zip"):
            pass

    within("a platform's archive is listed", work)


@pytest.mark.parametrize("cell", ['{"a":1},', '[],{"source":"stop = 1"},'])
def test_a_notebook_is_picked(cell):
    data = ('{"cells": [' + cell * (VALUES // 2 - 9) + "{}]}").encode()
    files = {f"detach ({number}).ipynb": Entry(f"{number}", None, False, lambda: data) for number in range(12)}
    delivery = Delivery("", "ann", [], files)
    assignment = find_assignment(ROOT, "03-detach")
    within("the notebook of a hand-in is picked", lambda: pick(delivery, assignment, TEMPLATE))


@pytest.mark.parametrize("size", [0, 90_000, 9_000_000])
def test_a_hand_in_is_unpacked(tmp_path, size):
    count = min(bounds.MAX_ZIP_ENTRIES - 9, 90 * MB // max(1, size))
    data = zipped(*((f"{number}.ipynb", b"\0" * size) for number in range(count)))
    (tmp_path / "m.zip").write_bytes(zipped(("ann/a.zip", data)))
    people = ClassList({"ann": Student("ann")})

    def work():
        with open_archive(tmp_path / "m.zip") as archive:
            BoundedExtractor()._unpack(archive, people, tmp_path / "out")

    within("`nbgrader zip_collect` unpacks a hand-in", work)
    found = [path.stat().st_size for path in (tmp_path / "out").rglob("*.ipynb")]
    assert 0 < len(found) <= bounds.MAX_FILES
    assert sum(found) <= bounds.MAX_LOOKED_AT


@pytest.mark.parametrize("unit", ["a-", "_1", "_1_", "1", "a_", "é", "/a", "_assignsubmission_", "_1_1_"])
def test_it_is_looked_for_whose_a_file_is(unit):
    people = ClassList({f"s{n}": Student(f"s{n}", f"First{n}", f"Last{n}", f"s{n}@x.org") for n in range(200)})
    entry = Entry(filled(unit, bounds.MAX_PATH), None, False, bytes)
    within("whose a file is, is looked for", lambda: whose(entry, {}, lambda text: is_known(people, text)))


def test_files_of_a_student_that_are_called_as_a_platform_s_list_are_looked_for():
    files = [Entry(f"ann/a.zip/{METADATA}", None, False, bytes)] * bounds.MAX_ZIP_ENTRIES
    files.append(Entry("ben/detach.ipynb", None, False, bytes))
    within("whose a file is, is looked for", lambda: deliveries(files, lambda text: False))


@pytest.mark.parametrize("row", ["a," * 90 + "\n", "a\n", "\n", '"a"\n'])
def test_a_list_of_students_is_read(tmp_path, row):
    rows = min(bounds.MAX_ROWS - 9, (bounds.MAX_ROWS_SIZE - 99) // len(row))
    (tmp_path / "class.csv").write_text("Username,Email address\n" + row * rows)
    within("a list of students is read", lambda: read_roster(tmp_path / "class.csv"))


# What is said -------------------------------------------------------------------------------------------------------


def test_what_is_quoted_moves_no_cursor():
    text = "\x1b[2J\x07a\u202eb\r\b\x9b1m\ud800\nnext"
    assert re.fullmatch(r"\ufffd\[2J\ufffda\ufffdb\ufffd\ufffd\ufffd1m\ufffd\nnext", readable(text))
    long = text * MB
    within(
        "an error or a name is quoted: in the summary, the report, an explanation",
        lambda: (printable(long), readable(long[: bounds.MAX_REASON])),
    )
