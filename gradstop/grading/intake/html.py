"""Cleans HTML of submissions: nothing in it runs, or loads from elsewhere.

Run as a script it is the process in which what is long, or formats much, is cleaned: some texts of a few kB become
hundreds of MB on the way, some take time that grows with the square of their length. It imports nothing of this
package, so that it starts in some milliseconds.
"""

import json
import re
import subprocess
import sys
from contextlib import suppress

import nh3

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
# Elements that HTML opens again in each paragraph and table cell that follows, as often as they were not closed.
_FORMATS = re.compile(r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/>]", re.IGNORECASE)
_PATIENCE = 20.0  # times the processor time: a machine may be busy


def clean(text: str) -> str:
    """Return HTML without scripts, styles of the page, handlers, links that run, and what loads from elsewhere."""
    return _CLEANER.clean(text)


def is_simple(texts: list[str], length: int, formats: int) -> bool:
    """Whether texts are short and format little, all together."""
    return sum(map(len, texts)) <= length and sum(len(_FORMATS.findall(text)) for text in texts) <= formats


def clean_apart(texts: list[str], seconds: int, memory: int) -> list[str | None]:
    """Clean texts in a process of their own; those that it does not come to, or that grow in it, are None.

    Args:
        texts: HTML.
        seconds: of the processor, for all.
        memory: bytes of addresses that the process may have.

    """
    command = [sys.executable, "-I", __file__, str(seconds), str(memory)]
    told = b""
    try:
        told = subprocess.run(  # noqa: S603 - this file
            command, input=json.dumps(texts).encode(), capture_output=True, timeout=seconds * _PATIENCE, check=False
        ).stdout
    except subprocess.TimeoutExpired as late:
        told = late.stdout or b""
    found: list[str | None] = []
    with suppress(ValueError):  # it ended within a line
        found.extend(json.loads(line) for line in told.splitlines())
    return [*found, *[None] * (len(texts) - len(found))]


def _serve(seconds: int, memory: int) -> None:
    """Clean what comes from standard input, a list, and print each text as it is done."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    for text in json.loads(sys.stdin.buffer.read()):
        cleaned = clean(text)
        print(json.dumps(cleaned if len(cleaned) <= 2 * len(text) + 1000 else None), flush=True)


if __name__ == "__main__":
    _serve(*map(int, sys.argv[1:]))
