"""What reads a submission's bytes, on made-up ones: it says why it refuses them, and raises nothing else."""

import json
import re
from contextlib import suppress

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from support.course import ROOT
from support.fuzzing import quickly

from gradstop.course import find_assignment
from gradstop.grading.inside.channel import ProtocolError
from gradstop.grading.intake.outputs import clean_text, parse_outputs
from gradstop.grading.intake.plain_files import UnreadableError, printable
from gradstop.grading.intake.submission import read_cells
from gradstop.grading.intake.template import bare, shorten_code
from gradstop.grading.intake.timestamp import read_timestamp
from gradstop.grading.judging.bundle import handed_out_template
from gradstop.grading.judging.parse import parse_record
from gradstop.grading.judging.token_digest import tokens_of
from gradstop.logs import readable

TEMPLATE = handed_out_template(find_assignment(ROOT, "03-detach"))
NAMES = [
    *(
        "cells",
        "worksheets",
        "cell_type",
        "metadata",
        "nbgrader",
        "grade_id",
        "source",
        "input",
        "attachments",
        "level",
    ),
    *("outputs", "output_type", "data", "text", "text/plain", "text/html", "image/png", "evalue", "ename"),
    *("traceback", "execution_count", "name", "seen", "stopped"),
]
WORDS = [
    "code",
    "markdown",
    "raw",
    "heading",
    "stream",
    "error",
    "display_data",
    "execute_result",
    "stop",
    "check-stop",
]
PIECES = [
    "<b>",
    "</i>",
    "<!--",
    "![",
    "](",
    "attachment:",
    "\x1b[31m",
    "script",
    ":",
    "\ud800",
    "\0",
    "def stop(",
    "\n",
]
texts = some.one_of(some.text(), some.sampled_from(WORDS), some.lists(some.sampled_from(PIECES)).map("".join))
values = some.recursive(
    some.one_of(some.none(), some.booleans(), some.integers(), some.floats(), texts),
    lambda inner: some.one_of(
        some.lists(inner), some.dictionaries(some.one_of(some.sampled_from(NAMES), texts), inner)
    ),
    max_leaves=10,
)
cells = some.lists(some.dictionaries(some.sampled_from(NAMES), values), max_size=4)


@quickly
@given(some.one_of(some.binary(), values.map(lambda value: json.dumps(value).encode())))
def test_a_notebook_of_any_bytes(data):
    with suppress(UnreadableError):
        TEMPLATE.restore(read_cells(data, "detach.ipynb"))


@quickly
@given(cells, some.sampled_from(["cells", "worksheets"]))
def test_a_notebook_of_any_cells(made, key):
    told = {key: made if key == "cells" else [{"cells": made}]}
    found = read_cells(json.dumps(told).encode(), "detach.ipynb")
    with suppress(UnreadableError):
        TEMPLATE.refuse_another(found, "03-detach")
    restored = TEMPLATE.restore(found)
    shorten_code(restored["cells"])
    json.dumps([restored, bare(found)], ensure_ascii=False).encode()  # as it is written


@quickly
@given(some.lists(some.dictionaries(some.sampled_from(NAMES), values), max_size=4))
def test_outputs_of_any_form(made):
    json.dumps(parse_outputs(made), ensure_ascii=False).encode()


@settings(quickly, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.one_of(some.binary(max_size=120), some.from_regex(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*", fullmatch=True)))
def test_a_timestamp_of_any_text(tmp_path, data):
    (tmp_path / "timestamp.txt").write_bytes(data if isinstance(data, bytes) else data.encode())
    with suppress(UnreadableError):
        read_timestamp(tmp_path)


@quickly
@given(
    some.one_of(
        texts, some.lists(some.sampled_from(["def f(x):\n", "  ", "'", "(", "\\", "\r", "f'{", "x"])).map("".join)
    )
)
def test_an_answer_of_any_text(text):
    assert re.fullmatch(r"|\d+:[0-9a-f]{16}", tokens_of(text))


@quickly
@given(values)
def test_a_record_of_any_form(value):
    for data in (value, {"seen": value, "stopped": None}, {"seen": [["a", "b", value, ""]], "stopped": value}):
        with suppress(ProtocolError):
            parse_record(data, "case")


@quickly
@example("\t")
@given(texts)
def test_a_text_is_shown_without_what_moves_a_cursor(text):
    assert printable(text).isprintable()
    assert readable(text).replace("\n", "").replace("\t", "").isprintable()
    clean_text(text)
