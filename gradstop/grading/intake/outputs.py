"""Reads the outputs that a submission's process reports, and makes them harmless for whoever opens the notebook."""

import re
from typing import Any

import nh3

MAX_OUTPUTS = 200  # outputs of one cell
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
_SHOWN_TAGS = (
    "a abbr acronym b blockquote code em i li ol strong ul "
    "table thead tbody tfoot tr th td caption div span p br hr pre h1 h2 h3 h4 h5 h6 sub sup dl dt dd details summary"
)
_SPANS = {"colspan", "rowspan", "scope"}
# What lies in a script, a style or an SVG goes with it; of any other tag that is not kept, the text stays.
_CLEANER = nh3.Cleaner(
    tags=set(_SHOWN_TAGS.split()),
    attributes={"a": {"href", "title"}, "abbr": {"title"}, "acronym": {"title"}, "th": _SPANS, "td": _SPANS},
    url_schemes={"http", "https", "mailto"},
)
MAX_DEPTH = 500  # of elements in each other: to clean takes time that grows with its square
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
# What ends without a tag of its own, or is empty.
_UNCLOSED = {
    *(
        "area",
        "base",
        "br",
        "col",
        "dd",
        "dt",
        "embed",
        "hr",
        "img",
        "input",
        "li",
        "link",
        "meta",
        "option",
        "p",
        "source",
    ),
    *("tbody", "td", "tfoot", "th", "thead", "tr", "wbr"),
}
Output = dict[str, Any]


def parse_outputs(data: Any) -> list[Output]:
    """Return a cell's outputs in the notebook format, with nothing in them that a browser would run.

    What is of another form is left out. HTML keeps what formats a text or a table; pictures are PNG, JPEG or GIF, and
    what else there is shows as its plain text.
    """
    if not isinstance(data, list):
        return [error_output("NoOutputs", "The cell's outputs could not be read.")]
    return [output for item in data[:MAX_OUTPUTS] if isinstance(item, dict) and (output := _parse(item))]


def error_output(name: str, message: str) -> Output:
    """Return an output that says what happened in place of a cell's own."""
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}


def _parse(item: dict[str, Any]) -> Output | None:
    kind = item.get("output_type")
    if kind == "stream":
        return {"output_type": kind, "name": "stderr" if item.get("name") == "stderr" else "stdout", **_text(item)}
    if kind == "error":
        lines = item.get("traceback")
        return {
            "output_type": kind,
            "ename": _words(item.get("ename")),
            "evalue": _words(item.get("evalue")),
            "traceback": [_words(line) for line in lines] if isinstance(lines, list) else [],
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
        if kind == "text/plain":
            found[kind] = value
        elif kind == "text/html":
            if (
                not _is_deep(value) and (cleaned := clean_html(value)).strip()
            ):  # an SVG leaves nothing; its plain text is shown then
                found[kind] = cleaned
        elif kind in _PICTURES and is_base64(value):
            found[kind] = value
    return found or {"text/plain": "(an output of a form that is not shown)"}


def is_base64(data: Any) -> bool:
    """Whether data is of the form in which a notebook holds a picture, with nothing in it that ends an attribute."""
    return isinstance(data, str) and _BASE64.fullmatch(data) is not None


def clean_html(text: str) -> str:
    """Return HTML without scripts, styles of the page, handlers, links that run, and what loads from elsewhere."""
    return _CLEANER.clean(text)


def _is_deep(text: str) -> bool:
    """Whether more elements stand in each other than a page has; read in one pass."""
    depth = 0
    for closing, name in _TAG.findall(text):
        if name.lower() not in _UNCLOSED:
            depth = max(0, depth - 1) if closing else depth + 1
            if depth > MAX_DEPTH:
                return True
    return False


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
