"""What lies in a zip or a folder of hand-ins, nested zips too. Nothing is unpacked: entries are read when wanted.

Whoever hands in makes what lies in a zip. No path of it is ever written to; sizes are bounded while they are read, so
what a zip says of itself is not believed.
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO

from gradstop.course import CourseError
from gradstop.grading.intake.bounds import (
    MAX_DEPTH,
    MAX_DIRECTORY,
    MAX_ENTRIES_OF_ALL,
    MAX_NOTEBOOK,
    MAX_PATH,
    MAX_ZIP,
    MAX_ZIP_DIRECTORY,
    MAX_ZIP_ENTRIES,
    MAX_ZIPS,
)
from gradstop.grading.intake.plain_files import UnreadableError, is_plain, printable
from gradstop.grading.intake.zip_file import moment_of, name_of, open_zip

CHECKPOINTS = ".ipynb_checkpoints"
_JUNK = ("thumbs.db", "desktop.ini", "__macosx")
_AGAIN = ": ask for it again"
_FAILS = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    struct.error,
)
Opener = Callable[[], AbstractContextManager[IO[bytes]]]
Zip = Callable[[], zipfile.ZipFile]


@dataclass(frozen=True)
class Entry:
    """A file: its path as the platform named it, when it came in, and how its bytes are read.

    Attributes:
        moment: when it came in, or was changed as long as nobody knows whose it is; in UTC, None where nothing says.
        zoned: False where the zone of ``moment`` had to be assumed.
        zips: those that it lies in, the outermost first.
        changed: when it was changed, as whoever handed it in has it.

    """

    path: str
    moment: datetime | None
    zoned: bool
    read: Callable[[], bytes] = field(repr=False, compare=False)
    zips: tuple["Entry", ...] = field(default=(), repr=False, compare=False)
    changed: datetime | None = field(default=None, compare=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """The path's parts."""
        return tuple(self.path.split("/"))

    def of_owner(self, place: int) -> "Entry":
        """Return this file with the time at which it came in; the path's part ``place`` says whose it is.

        That is the time of the outermost zip that its owner has handed in: the times in it are the owner's.
        """
        came = next((one for one in self.zips if len(one.parts) > place), self)
        return replace(self, moment=came.moment, zoned=came.zoned, changed=self.moment)


@dataclass
class Archive:
    """The files of an archive, and by path what was left out and why."""

    entries: list[Entry] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


@contextmanager
def open_archive(path: Path, zone: tzinfo | None = None) -> Iterator[Archive]:
    """List what lies in a zip or in a folder; entries can be read as long as it is open.

    Args:
        path: of the zip or folder.
        zone: of times that have none, as a zip's; this computer's if None.

    Raises:
        CourseError: where it is neither, or has too many entries.

    """
    listing = _Listing(zone)
    with ExitStack() as opened:
        if path.is_dir():
            for name in _walk(path, listing.found):
                one = os.path.join(path, name)
                listing.add(name, datetime.fromtimestamp(os.stat(one).st_mtime, UTC), True, _opener(one))
        elif not is_plain(path.resolve()):
            raise CourseError(f"{path} is no zip and no folder: name what the platform let you download.")
        else:
            try:
                archive = opened.enter_context(open_zip(opened.enter_context(path.open("rb")), MAX_DIRECTORY))
                listing.add_all(lambda: archive)
            except _FAILS as error:
                raise CourseError(f"{path.name} is no zip that can be read: {error}. Download it again.") from None
        yield listing.found


def _walk(folder: Path, found: Archive) -> Iterator[str]:
    """Yield the paths of the files below a folder, from there on."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        within = Path(place).relative_to(folder).as_posix()
        for name in sorted(names):
            one = f"{within}/{name}" if within != "." else name
            if is_plain(os.path.join(place, name)):
                yield one
            elif not _is_junk(one):
                found.left_out[one] = "it is a link, a pipe or a device"


def _opener(path: str) -> Opener:
    return lambda: open(path, "rb")


class _TooMuchError(Exception):
    """What a zip in the archive holds is more than one may."""


class _Listing:
    """Lists an archive. What a zip in it holds is bounded by itself, with all zips in that: it may be anybody's."""

    def __init__(self, zone: tzinfo | None) -> None:
        self.found = Archive()
        self._zone = zone
        self._entries = self._bytes = self._number = 0  # of the zip in the archive that is looked into; of all zips
        self._open: dict[int, zipfile.ZipFile] = {}  # the last zips in zips that were read

    def add(
        self, name: str, moment: datetime | None, zoned: bool, opener: Opener, zips: tuple[Entry, ...] = ()
    ) -> None:
        """Add a file that lies in these zips, or what lies in it where it is one."""
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        clean = "/".join(parts)
        if _is_junk(clean):
            return
        if ".." in parts or name.startswith(("/", "\\")) or name[1:2] == ":":
            self.found.left_out[name] = "its path leads out of the archive"
        elif len(name) > MAX_PATH:
            self.found.left_out[name[:MAX_PATH]] = f"its path has more than {MAX_PATH} characters"
        elif clean.lower().endswith(".zip"):
            self._add_zip((*zips, Entry(clean, moment, zoned, lambda: _bounded(opener, MAX_ZIP))))
        else:
            self.found.entries.append(Entry(clean, moment, zoned, lambda: _bounded(opener, MAX_NOTEBOOK), zips))
        if not zips and len(self.found.entries) > MAX_ENTRIES_OF_ALL:
            raise CourseError(f"There are more than {MAX_ENTRIES_OF_ALL} files: name a smaller folder or archive.")

    def add_all(self, zipped: Zip, zips: tuple[Entry, ...] = ()) -> None:
        """Add what lies in a zip, the last of ``zips``; raises what ``zipfile`` does where it is none."""
        infos, prefix = zipped().infolist(), f"{zips[-1].path}/" if zips else ""
        if zips:
            self._entries += len(infos)
            if self._entries > MAX_ZIP_ENTRIES:
                raise _TooMuchError(f"it holds more than {MAX_ZIP_ENTRIES} files")
        for info in infos:
            name = prefix + name_of(info)
            if not info.filename:  # ``is_dir`` looks at its last sign
                self.found.left_out[f"{name}(no name)"] = f"it has no name{_AGAIN}"
            elif info.is_dir():
                continue
            elif stat.S_ISLNK(info.external_attr >> 16):
                self.found.left_out[name] = "it is a link"
            elif info.flag_bits & 1:
                self.found.left_out[name] = "it is locked by a password: ask for it without one"
            else:
                self.add(name, *moment_of(info, self._zone), _member(zipped, info), zips)

    def _add_zip(self, zips: tuple[Entry, ...]) -> None:
        """Add what lies in a zip in the archive, the last of these; one that holds too much is left out whole."""
        name, depth = zips[-1].path, len(zips)
        if depth > MAX_DEPTH:
            self.found.left_out[name] = f"it is a zip in {MAX_DEPTH} others: unpack it, and collect the folder"
            return
        entries, left_out = len(self.found.entries), len(self.found.left_out)
        if depth == 1:
            self._entries = self._bytes = 0
        try:
            data = zips[-1].read()
            self._bytes += len(data)
            if self._bytes > MAX_ZIPS:
                raise _TooMuchError(f"the zips in it have more than {MAX_ZIPS / 1e6:.0f} MB")
            if entries + self._entries > MAX_ENTRIES_OF_ALL:
                raise _TooMuchError(f"there are more than {MAX_ENTRIES_OF_ALL} files before it")
            self.add_all(self._kept(zips[-1], data), zips)
            if (entries, left_out) == (len(self.found.entries), len(self.found.left_out)):
                self.found.left_out[name] = f"it is an empty zip{_AGAIN}"
        except _TooMuchError as reason:
            if depth > 1:
                raise
            del self.found.entries[entries:]
            for inside in [*self.found.left_out][left_out:]:
                del self.found.left_out[inside]
            self.found.left_out[name] = f"{reason}: unpack it, and collect what is wanted of it"
        except UnreadableError as reason:
            self.found.left_out[name] = str(reason)
        except _FAILS as error:
            self.found.left_out[name] = f"it is a damaged zip ({printable(str(error))}){_AGAIN}"

    def _kept(self, zipped: Entry, data: bytes) -> Zip:
        """Return what opens a zip in a zip. The last few stay open, or each would be unpacked again for each file."""
        self._number += 1
        number = self._number

        def opened(data: bytes = b"") -> zipfile.ZipFile:
            known = self._open.pop(number, None)
            if known is None:
                known = open_zip(io.BytesIO(data or zipped.read()), MAX_ZIP_DIRECTORY)
            self._open[number] = known
            while len(self._open) > MAX_DEPTH:
                del self._open[next(iter(self._open))]
            return known

        opened(data)
        return opened


def _bounded(opener: Opener, limit: int) -> bytes:
    """Read a file.

    Raises:
        UnreadableError: where it is damaged, or larger than the limit.

    """
    try:
        with opener() as file:
            data = file.read(limit + 1)
    except _FAILS as error:
        raise UnreadableError(f"it is damaged ({printable(str(error))}){_AGAIN}") from None
    if len(data) > limit:
        raise UnreadableError(f"it has more than {limit / 1e6:.0f} MB: ask for a smaller one")
    return data


def _member(zipped: Zip, info: zipfile.ZipInfo) -> Opener:
    """Return what opens an entry of a zip."""
    return lambda: zipped().open(info)


def _is_junk(path: str) -> bool:
    """Whether an operating system has put a file there. Jupyter's copy of a notebook may be all there is."""
    parts = path.split("/")
    if parts[-2:-1] == [CHECKPOINTS] and parts[-1].endswith(".ipynb"):
        parts.remove(CHECKPOINTS)
    return any(part.startswith(".") or part.lower() in _JUNK for part in parts if part not in (".", ".."))
