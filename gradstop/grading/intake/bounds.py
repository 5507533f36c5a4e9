"""What bounds the work on a submission's bytes outside of its sandbox: each place, its limits, what was measured.

The places import their limits from here. ``SECURITY.md`` has the list as a table, and ``tests/grading/test_bounds.py``
the worst input that is known for each place.
"""

from dataclasses import dataclass

MAX_NOTEBOOK = 20_000_000  # bytes of a notebook
MAX_FILES, MAX_FILES_SIZE = 200, 20_000_000  # files beside it, and bytes of all of them
MAX_ENTRIES, MAX_LEVELS = 4_000, 5  # of a folder that is listed, all below it included; folders in each other
MAX_TIMESTAMP = 100  # bytes
MAX_VALUES = 1_000_000  # of a notebook's JSON: each takes up to 250 bytes of memory
MAX_CELLS = 800
MAX_TEXT, MAX_TEXTS = 5_000, 50_000  # characters of a text cell, and of all: Markdown takes quadratic time
MAX_CODE, MAX_CODES = 20_000, 50_000  # characters of a cell's code, and of all, that are shown
MAX_WIDTH, MAX_BLANK = 1_000, 50  # characters of a line of code that is shown, and blank lines in a row
MAX_LANGUAGE = 2_000  # characters of code in another language, after a magic
MAX_ANSWER = 10_000  # characters of an answer that is parsed; each takes up to 0.9 kB of memory
MAX_SEARCHED = 500_000  # characters of all cells in which a function that is missing is looked for
MAX_OUTPUTS, MAX_ALL_OUTPUTS = 200, 800  # outputs of one cell, and of all
MAX_LINES = 50  # entries of one traceback
MAX_OUTPUT = 10_000_000  # bytes of all outputs of a submission, as its process reports them
MAX_LOST = 10  # cells that end or hang their process; each is a process more
MAX_ESCAPES = 10_000  # control sequences, as of colours, in all outputs of a submission
MAX_ESCAPE = 100  # characters of one
MAX_PARTS, PARTS_OF_EACH = 8_000, 1_500  # of a page, each about an element of HTML; and for each exercise
MAX_HTML, MAX_FORMATS = 50_000, 20  # characters, and tags that format text, that are cleaned without a process for it
HTML_SECONDS, HTML_MEMORY = 1, 256 << 20  # of that process: processor time, bytes of addresses
MAX_REPORT = 1_000_000  # bytes that are observed of one exercise
MAX_ENTRIES_OF_ALL, MAX_DIRECTORY = 100_000, 20_000_000  # entries of a platform's archive; bytes of a zip's list
MAX_ZIP, MAX_ZIPS, MAX_DEPTH = 50_000_000, 100_000_000, 3  # bytes of a zip in it, of all in that; zips in each other
MAX_ZIP_ENTRIES, MAX_ZIP_DIRECTORY = 4_000, 1_000_000  # entries of a zip in it and of all in that; bytes of its list
MAX_PATH = 1_000  # characters of a path in an archive
MAX_CANDIDATES, MAX_LOOKED_AT = 10, 20_000_000  # notebooks of one hand-in that are read, and their bytes
MAX_ROWS_SIZE, MAX_ROWS = 20_000_000, 100_000  # bytes of a list of students, and its rows
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
    Bound("a student's folder is listed", f"{MAX_ENTRIES:,} entries; no link", "not graded", 0.2, 10),
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
        f"{MAX_FILES} files, {MAX_FILES_SIZE / 1e6:.0f} MB in all, {MAX_LEVELS} folders deep; no link, pipe or device",
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
        f"{MAX_CODE:,} characters of a cell, {MAX_CODES:,} of all; {MAX_WIDTH:,} of a line, {MAX_BLANK} blank lines in "
        f"a row; {MAX_LANGUAGE:,} characters in another language",
        "cut, with a note",
        1.2,
        30,
    ),
    Bound("an answer is parsed for its tokens", f"{MAX_ANSWER:,} characters", "it has no tokens", 0.1, 20),
    Bound(
        "a function that is missing is looked for",
        f"{MAX_ANSWER:,} characters of a cell, {MAX_SEARCHED:,} of all",
        "not looked at",
        0.2,
        5,
    ),
    Bound(
        "outputs are read",
        f"1 MB and {MAX_OUTPUTS} outputs of a cell, {MAX_OUTPUT / 1e6:.0f} MB and {MAX_ALL_OUTPUTS:,} of all",
        "left out, with a note",
        0.2,
        60,
    ),
    Bound(
        "a process is started again without a cell that ended it",
        f"{MAX_LOST} cells",
        "the cells after them are not run",
        1.0,
        10,
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
        f"{MAX_ESCAPES:,} control sequences, of {MAX_ESCAPE} characters",
        "shown as text",
        2.0,
        40,
    ),
    Bound(
        "a page is made of the graded notebook, feedback or the formgrader's",
        f"{MAX_PARTS:,} parts and {PARTS_OF_EACH:,} for each exercise: a token, a tag, or a change of a colour is one",
        "not shown, with a note; the notebook has it",
        0.6,
        90,
    ),
    Bound(
        "what is observed of an exercise is read",
        f"{MAX_REPORT / 1e6:.0f} MB in all, 1 MB at a time",
        "the exercise earns nothing",
        0.3,
        70,
    ),
    Bound(
        "a platform's archive is listed",
        f"of a zip in it, with all zips in that: {MAX_ZIP_ENTRIES:,} entries, {MAX_ZIP_DIRECTORY / 1e6:.0f} MB of "
        f"their list, {MAX_ZIPS / 1e6:.0f} MB unpacked, {MAX_DEPTH} in each other; {MAX_PATH:,} characters of a path",
        "that zip is not taken",
        0.8,
        90,
    ),
    Bound(
        "the notebook of a hand-in is picked",
        f"{MAX_CANDIDATES} notebooks, {MAX_LOOKED_AT / 1e6:.0f} MB and {3 * MAX_VALUES:,} values of all; "
        f"{MAX_FILES_SIZE / 1e6:.0f} MB of files beside them",
        "left out, and named",
        1.5,
        120,
    ),
    Bound(
        "`nbgrader zip_collect` unpacks a hand-in",
        f"{MAX_FILES} files, {MAX_LOOKED_AT / 1e6:.0f} MB in all",
        "left out, and named",
        0.5,
        30,
    ),
    Bound(
        "whose a file is, is looked for",
        f"{MAX_PATH:,} characters of its path; no list of a student's says it",
        "not taken",
        0.1,
        5,
    ),
    Bound("a list of students is read", f"{MAX_ROWS_SIZE / 1e6:.0f} MB, {MAX_ROWS:,} rows", "refused", 3.0, 150),
    Bound(
        "an error or a name is quoted: in the summary, the report, an explanation",
        f"{MAX_REASON} characters, {MAX_NAME} of a name; no control characters",
        "cut",
        0.1,
        5,
    ),
)
