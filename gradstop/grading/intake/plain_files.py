"""Looks at what was handed in without following it anywhere: plain files, and what a file really is."""

import codecs
import errno
import json
import os
import re
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from gradstop.grading.intake.bounds import MAX_ENTRIES, MAX_FILES, MAX_FILES_SIZE, MAX_LEVELS, MAX_NAME

MAX_NAMES = 5  # in a message
_BEGINNINGS = {
    b"PK\x03\x04": "a zip archive: unpack it",
    b"\x1f\x8b": "a compressed archive: unpack it",
    b"Rar!": "a RAR archive: unpack it",
    b"7z\xbc\xaf": "a 7-Zip archive: unpack it",
    b"%PDF": "a PDF: ask for the notebook itself",
    b"{\\rtf": "a text of a word processor: ask for the notebook itself",
    **dict.fromkeys((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "a picture: ask for the notebook itself"),
}
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PAGE = re.compile(r"<(!doctype|!--|html|head|\?xml)", re.IGNORECASE)
_CONFLICT = re.compile(r"^(<{7}|>{7})( |$)", re.MULTILINE)


class UnreadableError(Exception):
    """Why a submission cannot be read, and what would mend it."""


def is_plain(path: Path | str) -> bool:
    """Whether a path is a file, and no link, pipe or device."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def read_plain(path: Path, most: int) -> bytes:
    """Return what is in a plain file; what was put in its place since somebody looked is neither followed nor awaited.

    Raises:
        OSError: where it is no plain file, or has more than ``most`` bytes.

    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # not on Windows
    with open(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file", str(path))
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most} bytes", str(path))
    return data


def decode(data: bytes) -> str:
    """Return a file's text: UTF-8, or what its byte order mark names, or else what Windows wrote in the West."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    for encoding in (json.detect_encoding(data), "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def what_it_is(data: bytes) -> str:
    """Say what a file is that is no JSON, and what to do; nothing where it may be a damaged notebook."""
    if not data.strip(b" \t\r\n\0"):
        return "empty: ask for it again"
    for beginning, what in _BEGINNINGS.items():
        if data.startswith(beginning):
            return what
    text = decode(data).lstrip("\ufeff \t\r\n")
    if _PAGE.match(text):
        return "a web page, perhaps a login's, and no notebook: download the notebook itself"
    if _CONFLICT.search(text):
        return "half merged by git: it has conflict markers (<<<<<<<); choose one side of each"
    if text.startswith("{"):
        return ""
    first = text.split("\n")[0].rstrip()[:40]
    begins = f"begins with {first!r}" if first.isprintable() else "is no text"
    return f"no notebook: it {begins}. Ask for the .ipynb itself"


def beside(notebook: Path) -> tuple[list[Path], list[str]]:
    """Return the files beside and below a notebook that a program may want, the nearest first, few and small ones.

    Also what is left out, and why.
    """
    taken, left_out, left = list[Path](), list[str](), MAX_FILES_SIZE
    for path, why in below(notebook.parent):
        if why or path == notebook:
            pass
        elif path.suffix == ".ipynb":
            why = "another notebook"
        elif len(taken) >= MAX_FILES or (left := left - path.stat().st_size) < 0:
            why = f"more than {MAX_FILES} files, or {MAX_FILES_SIZE / 1e6:.0f} MB"
        else:
            taken.append(path)
        if why and not path.name.startswith("."):
            left_out.append(f"{printable(name_below(notebook.parent, path))} ({why})")
    return taken, left_out


def below(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield what lies in a folder and below it, folder by folder, and why it is not read; no link is followed.

    Hidden folders, and what Python or an archive has put there, are passed over.

    Raises:
        OSError: where the folder itself cannot be listed.

    """
    level, left = [folder] if folder.is_dir() and not folder.is_symlink() else [], MAX_ENTRIES
    for depth in range(MAX_LEVELS + 1):
        folders = list[Path]()
        for place in level:
            try:
                found = sorted(islice(place.iterdir(), left), key=lambda path: path.name)
            except OSError as error:
                if not depth:
                    raise
                yield place, f"it cannot be read: {error.strerror}"
                continue
            left -= len(found)
            for path in found:
                if is_plain(path):
                    yield path, ""
                elif path.is_symlink() or not path.is_dir():
                    yield path, "a link, a pipe or a device"
                elif not path.name.startswith((".", "__")):
                    folders.append(path)
        level = folders
    yield from ((path, f"more than {MAX_LEVELS} folders deep") for path in level)


def name_below(folder: Path, path: Path) -> str:
    """Return a file's name as its program calls it, from the folder on; what is no text in it is replaced."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode(errors="replace")


def names_in(folder: Path) -> str:
    """Return what lies in a folder, notebooks first: a few names, and nothing that a terminal would obey."""
    found = sorted(islice(folder.iterdir(), MAX_ENTRIES), key=lambda path: (path.suffix != ".ipynb", path.name))
    names = [printable(path.name) + "/" * path.is_dir() for path in found if not path.name.startswith(".")]
    return ", ".join([*names[:MAX_NAMES], "…"] if len(names) > MAX_NAMES else names) or "nothing"


def printable(name: str, length: int = MAX_NAME) -> str:
    """Return a name with signs alone that can be shown and written; one that is no UTF-8 has others."""
    return "".join(sign if sign.isprintable() else "?" for sign in name[:length])
