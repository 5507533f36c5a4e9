"""How long the chapters take to read, on the front page: reckoned from their words and lines of code, at each build."""

import json
import math
import re
from pathlib import Path

from sphinx.application import Sphinx

PLACE = "{reading-time}"
WORDS_A_MINUTE = 200
SECONDS_A_LINE = 4  # of code


def minutes(notebook: Path) -> float:
    """Return how long a notebook takes to read: without its outputs, and without thinking about its questions."""
    words = lines = 0
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            words += len(re.sub(r"<[^>]*>|\]\([^)]*\)", " ", source).split())
        elif cell["cell_type"] == "code":
            lines += sum(bool(line.strip()) for line in source.splitlines())
    return words / WORDS_A_MINUTE + lines * SECONDS_A_LINE / 60


def say(app: Sphinx, page: str, source: list[str]) -> None:
    """Write the shortest and the longest of the chapters in the place for them."""
    if PLACE in source[0]:
        all_of_them = [minutes(path) for path in Path(app.srcdir, "book").glob("[0-9][0-9]-*.ipynb")]
        told = f"{math.floor(min(all_of_them))} to {math.ceil(max(all_of_them))} minutes"
        source[0] = source[0].replace(PLACE, told)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the function."""
    app.connect("source-read", say)
    return {"parallel_read_safe": True}
