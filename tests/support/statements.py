"""The sentences of the book that say *all*, *never* or the like, as a reader reads them."""

import json
import re
from pathlib import Path

WORDS = re.compile(r"\b(all|any|never|always|only|each|no|every|must|cannot)\b", re.IGNORECASE)
# A heading, a question, a wrong answer to choose and a row of a table name something; they state nothing by themselves.
_NO_STATEMENT = re.compile(
    r"^#[^\n]*|^\|[^\n]*|<summary>.*?</summary>|<p class=\"prediction-question\">.*?</p>|```.*?```",
    re.MULTILINE | re.DOTALL,
)


def prose(page: Path) -> str:
    """Return the text of a notebook's markdown cells, or of a text page."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".ipynb":
        return text
    return "\n\n".join("".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "markdown")


def sentences(text: str) -> list[str]:
    """Return the sentences without markup, white space as one blank, without the Yes or No before an explanation."""
    text = _NO_STATEMENT.sub("", text)
    text = re.sub(r"</?(?:p|details|div|strong)\b[^>]*>|^(?:- |\d+\. )", "\n\n", text, flags=re.MULTILINE)
    text = re.sub(r"<[^>]+>|[`*]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text))
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        parts = re.split(r"(?<=[.?!])\s+(?=[A-Z(])", " ".join(paragraph.split()))
        parts = [re.sub(r"^(?:Yes|No|Right|Not quite)\.\s*", "", part) for part in parts]
        found += [part for part in parts if not part.endswith("?") and "· Next:" not in part]
    return list(dict.fromkeys(found))


def strong(page: Path) -> list[str]:
    """Return the page's sentences that claim something of all cases, or of none."""
    return [sentence for sentence in sentences(prose(page)) if WORDS.search(sentence)]
