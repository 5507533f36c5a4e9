"""Looks at what was handed in without following it anywhere: plain files, and what a file really is."""

import os
import re
import stat
from pathlib import Path

MAX_NAMES = 5  # in a message
_BEGINNINGS = (
    (b"PK\x03\x04", "a zip archive: unpack it"),
    (b"\x1f\x8b", "a compressed archive: unpack it"),
    (b"%PDF", "a PDF: ask for the notebook itself"),
    (b"\x89PNG", "a picture: ask for the notebook itself"),
)
_PAGE = re.compile(rb"\s*<(!doctype|html|head|\?xml)", re.IGNORECASE)
_CONFLICT = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)


class UnreadableError(Exception):
    """Why a submission cannot be read, and what would mend it."""


def is_plain(path: Path) -> bool:
    """Whether a path is a file, and no link, pipe or device."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def what_it_is(data: bytes) -> str:
    """Say what a file is that is no notebook, and what to do; nothing where it may be a damaged one."""
    if not data.strip():
        return "empty: ask for it again"
    for beginning, what in _BEGINNINGS:
        if data.startswith(beginning):
            return what
    if _PAGE.match(data):
        return "a web page, perhaps a login's, and no notebook: download the notebook itself"
    if _CONFLICT.search(data):
        return "half merged by git: it has conflict markers (<<<<<<<); choose one side of each"
    return ""


def names_in(folder: Path) -> str:
    """Return what lies in a folder, notebooks first: a few names, and nothing that a terminal would obey."""
    found = sorted(folder.iterdir(), key=lambda path: (path.suffix != ".ipynb", path.name))
    names = [printable(path.name) + "/" * path.is_dir() for path in found if not path.name.startswith(".")]
    return ", ".join([*names[:MAX_NAMES], "…"] if len(names) > MAX_NAMES else names) or "nothing"


def printable(name: str) -> str:
    """Return a name with signs alone that can be shown and written; one that is no UTF-8 has others."""
    return "".join(sign if sign.isprintable() else "?" for sign in name[:80])
