"""What bounds the work on a submission's bytes outside of its sandbox: each place, its limits, what was measured.

The places import their limits from here. ``SECURITY.md`` has the list as a table, and ``tests/grading/test_bounds.py``
the worst input that is known for each place.
"""

from dataclasses import dataclass

MAX_NOTEBOOK = 20_000_000  # bytes of a notebook
MAX_FILES, MAX_FILES_SIZE = 200, 20_000_000  # files beside it, and bytes of all of them
MAX_ENTRIES = 10_000  # of a folder that is listed, all below it included
MAX_TIMESTAMP = 100  # bytes
MAX_VALUES = 1_000_000  # of a notebook's JSON: each takes up to 250 bytes of memory
MAX_CELLS = 2_000
MAX_TEXT, MAX_TEXTS = 5_000, 100_000  # characters of a text cell, and of all: Markdown takes quadratic time
MAX_CODE, MAX_CODES = 50_000, 100_000  # characters of a cell's code, and of all, that are shown
MAX_ANSWER = 20_000  # characters of an answer that is parsed; each takes up to 0.9 kB of memory
MAX_OUTPUTS = 200  # outputs of one cell
MAX_OUTPUT = 10_000_000  # characters of all outputs of a submission
MAX_ESCAPES = 10_000  # control sequences, as of colours, in all outputs of a submission
MAX_HTML, MAX_FORMATS = 50_000, 20  # characters, and tags that format text, that are cleaned without a process for it
HTML_SECONDS, HTML_MEMORY = 1, 256 << 20  # of that process: processor time, bytes of addresses
MAX_REPORT = 2_000_000  # bytes that are observed of one exercise
MAX_NAME = 80  # characters of a file's name in a message
MAX_REASON = 300  # characters of an error that is quoted


@dataclass(frozen=True)
class Bound:
    """One place that handles a submission's bytes.

    Attributes:
        place: what is done.
        limit: what it is done with at the most.
        beyond: what happens with more.
        seconds: of the processor, that the worst known input at the limit took.
        memory: that it took, in MiB.

    """

    place: str
    limit: str
    beyond: str
    seconds: float
    memory: int


BOUNDS = (
    Bound("a student's folder is listed", f"{MAX_ENTRIES:,} entries; no link", "not graded", 0.3, 10),
    Bound("`timestamp.txt` is read", f"{MAX_TIMESTAMP} bytes", "not graded", 0.1, 5),
    Bound(
        "the notebook is read, decoded and parsed",
        f"{MAX_NOTEBOOK / 1e6:.0f} MB, {MAX_VALUES:,} values of JSON",
        "not graded",
        0.9,
        170,
    ),
    Bound(
        "files beside it are read",
        f"{MAX_FILES} files, {MAX_FILES_SIZE / 1e6:.0f} MB in all; no link, pipe or device",
        "left out",
        0.1,
        40,
    ),
    Bound("it is put back into its form", f"{MAX_CELLS:,} cells", "not graded", 0.9, 150),
    Bound(
        "texts are made harmless, and converted for feedback",
        f"{MAX_TEXT:,} characters of a cell, {MAX_TEXTS:,} of all",
        "cut, with a note",
        2.0,
        20,
    ),
    Bound(
        "code is coloured for feedback",
        f"{MAX_CODE:,} characters of a cell, {MAX_CODES:,} of all",
        "cut, with a note",
        1.2,
        30,
    ),
    Bound("an answer is parsed for its tokens", f"{MAX_ANSWER:,} characters", "it has no tokens", 0.15, 20),
    Bound(
        "outputs are read",
        f"1 MB and {MAX_OUTPUTS} outputs of a cell, {MAX_OUTPUT / 1e6:.0f} million characters of all",
        "left out, with a note",
        0.2,
        60,
    ),
    Bound(
        "HTML of outputs is cleaned",
        f"{MAX_HTML:,} characters, {MAX_FORMATS} tags that format text",
        f"cleaned in a process with {HTML_SECONDS} s of the processor and {HTML_MEMORY >> 20} MiB of addresses; what "
        "it does not come to shows as its plain text",
        0.2,
        70,
    ),
    Bound(
        "colours in outputs are converted for feedback",
        f"{MAX_ESCAPES:,} control sequences",
        "shown as text",
        2.0,
        40,
    ),
    Bound(
        "what is observed of an exercise is read",
        f"{MAX_REPORT / 1e6:.0f} MB in all, 1 MB at a time",
        "the exercise earns nothing",
        0.3,
        70,
    ),
    Bound(
        "an error or a name is quoted: in the summary, the report, an explanation",
        f"{MAX_REASON} characters, {MAX_NAME} of a name; no control characters",
        "cut",
        0.1,
        5,
    ),
)
