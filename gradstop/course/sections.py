"""Names the book's sections, so that a message can say what to read."""

import re
from pathlib import Path

from gradstop.course.files import BOOK, read_json


def section_titles(root: Path) -> dict[str, str]:
    """Return the titles of all sections of the chapters: ``{"03-detach#same-memory": "chapter 3, “Same memory”"}``."""
    titles = {}
    for path in sorted((root / BOOK).glob("[0-9][0-9]-*.ipynb")):
        chapter = int(path.name[:2])
        for heading in _headings(path):
            titles[f"{path.stem}#{anchor(heading)}"] = f"chapter {chapter}, “{heading}”"
    return titles


def anchor(heading: str) -> str:
    """Return the anchor that the site gives a heading."""
    return re.sub("[^a-z0-9]+", "-", heading.lower()).strip("-")


def _headings(notebook: Path) -> list[str]:
    text = ["".join(cell["source"]) for cell in read_json(notebook)["cells"] if cell["cell_type"] == "markdown"]
    return [
        line.lstrip("#").strip().replace("`", "")
        for cell in text
        for line in cell.splitlines()
        if line.startswith("##")
    ]
