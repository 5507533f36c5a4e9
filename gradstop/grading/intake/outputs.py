"""Reads the outputs that a submission's process reports, and makes them harmless for whoever opens the notebook."""

import re
from collections.abc import Iterable
from typing import Any

from gradstop.grading.intake.bounds import (
    HTML_MEMORY,
    HTML_SECONDS,
    MAX_ESCAPE,
    MAX_ESCAPES,
    MAX_FORMATS,
    MAX_HTML,
    MAX_LINES,
    MAX_OUTPUTS,
)
from gradstop.grading.intake.html import clean, clean_apart, is_simple

_PICTURES = ("image/png", "image/jpeg", "image/gif")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
_OPENING = re.compile(
    r"<(?=[A-Za-z/!?])(?!/?(?:details|summary|b|i|em|strong|code|kbd|br|sub|sup|p|ul|ol|li)\s*/?>)", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?=#|colon;|tab;|newline;)", re.IGNORECASE)
# With what Markdown takes away in an address, or a browser does: a backslash, a tab, the end of a line.
_LOOSE = [r"[\s\\]*".join([*word, ""]) for word in ("script", "data")]
_RUNNING = re.compile(f"((?:{'|'.join(_LOOSE)})):", re.IGNORECASE)
# But for one that the notebook brings along, under a plain name.
_PICTURE = re.compile(r"!(?=\[)(?!\[[\w .,-]*\]\(attachment:)")
_ESCAPE = "\x1b"
_SHOWN = "\N{SYMBOL FOR ESCAPE}"
_LONG_ESCAPE = re.compile(f"\x1b(?=\\[[^@-~]{{{MAX_ESCAPE}}})")
_NOT_SHOWN = {"text/plain": "(an output of a form that is not shown)"}
Output = dict[str, Any]


def parse_outputs(data: Any) -> list[Output]:
    """Return a cell's outputs in the notebook format, with nothing in them that a browser would run.

    What is of another form is left out. HTML keeps what formats a text or a table; pictures are PNG, JPEG or GIF, and
    what else there is shows as its plain text.
    """
    outputs = read_outputs(data)
    finish_outputs([outputs])
    return outputs


def read_outputs(data: Any, most: int = MAX_OUTPUTS) -> list[Output]:
    """Return a cell's outputs as ``parse_outputs`` does, but for what ``finish_outputs`` has yet to do.

    Of more than ``most`` these, a note that others are left out, and the error that has stopped the cell.
    """
    if not isinstance(data, list):
        return [error_output("NoOutputs", "The cell's outputs could not be read.")]
    if len(data) > most:
        note = {"output_type": "stream", "text": f"({len(data) - most} outputs of this cell were left out here.)\n"}
        data = [*data[:most], note, *(item for item in data[-1:] if _is_error(item))]
    return [output for item in data if isinstance(item, dict) and (output := _parse(item))]


def _is_error(item: Any) -> bool:
    return isinstance(item, dict) and item.get("output_type") == "error"


def finish_outputs(cells: Iterable[list[Output]]) -> None:
    """Clean the HTML in the outputs of all cells, and take the colours off where there are very many.

    HTML that leaves nothing, or takes too much to clean, shows as its plain text.
    """
    outputs = [output for outputs in cells for output in outputs]
    _clean_html([output["data"] for output in outputs if "text/html" in output.get("data", {})])
    _bound_colours(outputs)


def _clean_html(bundles: list[dict[str, str]]) -> None:
    texts = [bundle.pop("text/html") for bundle in bundles]
    cleaned: Iterable[str | None] = (
        map(clean, texts) if is_simple(texts, MAX_HTML, MAX_FORMATS) else clean_apart(texts, HTML_SECONDS, HTML_MEMORY)
    )
    for bundle, text in zip(bundles, cleaned, strict=True):
        if text and text.strip():  # an SVG leaves nothing
            bundle["text/html"] = text
        elif not bundle:
            bundle.update(_NOT_SHOWN)


def _bound_colours(outputs: list[Output]) -> None:
    """Show control sequences as text from some number on: feedback makes a tag of each, and copies what follows it.

    Of a long one it takes the parameters away one by one.
    """
    left = MAX_ESCAPES

    def bounded(text: str) -> str:
        nonlocal left
        left -= text.count(_ESCAPE)
        return text.replace(_ESCAPE, _SHOWN) if left < 0 else _LONG_ESCAPE.sub(_SHOWN, text)

    for output in outputs:
        for part in (output, output.get("data", {})):
            part.update({key: bounded(part[key]) for key in ("text", "evalue", "text/plain") if key in part})
        if "traceback" in output:
            output["traceback"] = [bounded(line) for line in output["traceback"]]


def error_output(name: str, message: str) -> Output:
    """Return an output that says what happened in place of a cell's own."""
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}


def _parse(item: dict[str, Any]) -> Output | None:
    kind = item.get("output_type")
    if kind == "stream":
        return {"output_type": kind, "name": "stderr" if item.get("name") == "stderr" else "stdout", **_text(item)}
    if kind == "error":
        lines = item.get("traceback")
        lines = [_words(line) for line in lines] if isinstance(lines, list) else []
        if len(lines) > MAX_LINES:
            lines = [*lines[: MAX_LINES - 1], "\n".join(lines[MAX_LINES - 1 :])]
        return {
            "output_type": kind,
            "ename": _words(item.get("ename")),
            "evalue": _words(item.get("evalue")),
            "traceback": lines,
        }
    if kind in ("display_data", "execute_result") and isinstance(item.get("data"), dict):
        output: Output = {"output_type": kind, "metadata": {}, "data": _bundle(item["data"])}
        if kind == "execute_result":
            number = item.get("execution_count")
            output["execution_count"] = number if type(number) is int and 0 <= number < 1 << 31 else None
        return output
    return None


def _text(item: dict[str, Any]) -> dict[str, str]:
    return {"text": _words(item.get("text"))}


def _bundle(data: dict[str, Any]) -> dict[str, str]:
    """Keep of one output's forms those that can do no harm."""
    found = {}
    for kind, value in data.items():
        value = _words(value)
        if kind in ("text/plain", "text/html") or (kind in _PICTURES and is_base64(value)):
            found[kind] = value
    return found or dict(_NOT_SHOWN)


def is_base64(data: Any) -> bool:
    """Whether data is of the form in which a notebook holds a picture, with nothing in it that ends an attribute."""
    return isinstance(data, str) and _BASE64.fullmatch(data) is not None


def clean_text(text: str) -> str:
    """Return a Markdown text in which no tag opens but plain ones without attributes, and no address runs.

    A picture from elsewhere becomes a link: its host would learn that somebody looks. A mark of no width after what
    would open shows nothing, in text as in code.
    """
    text = _OPENING.sub("<\N{ZERO WIDTH SPACE}", text)
    text = _ENTITY.sub("&\N{ZERO WIDTH SPACE}", text)
    text = _PICTURE.sub("!\N{ZERO WIDTH SPACE}", text)
    return _RUNNING.sub("\\1\N{ZERO WIDTH SPACE}:", text)


def _words(value: Any) -> str:
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""
