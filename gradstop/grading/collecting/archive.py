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
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO

from gradstop.course import CourseError
from gradstop.grading.intake.bounds import MAX_NOTEBOOK
from gradstop.grading.intake.plain_files import UnreadableError, is_plain, printable

MAX_ENTRIES = 100_000  # of all archives together
MAX_NESTED = 50_000_000  # bytes of a zip in a zip
MAX_DIRECTORY = 20_000_000  # bytes of a zip's list of entries
MAX_DEPTH = 3  # zips in each other
MAX_TOTAL = 2_000_000_000  # bytes of all zips in zips
_JUNK = ("thumbs.db", "desktop.ini", "__macosx")
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
ZipOpener = Callable[[], AbstractContextManager[zipfile.ZipFile]]


@dataclass(frozen=True)
class Entry:
    """A file: its path as the platform named it, when it was changed, and how its bytes are read.

    ``moment`` is in UTC; None where nothing says. ``zoned`` is False where the zone had to be assumed.
    """

    path: str
    moment: datetime | None
    zoned: bool
    read: Callable[[], bytes] = field(repr=False, compare=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """The path's parts."""
        return tuple(self.path.split("/"))


@dataclass
class Archive:
    """The files of an archive, and by path what was left out and why."""

    entries: list[Entry] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    nested: int = 0  # bytes of the zips in it


@contextmanager
def open_archive(path: Path, zone: tzinfo | None = None) -> Iterator[Archive]:
    """List what lies in a zip or in a folder; entries can be read as long as it is open.

    Args:
        path: of the zip or folder.
        zone: of times that have none, as a zip's; this computer's if None.

    Raises:
        CourseError: where it is neither, or has too many entries.

    """
    found = Archive()
    with ExitStack() as opened:
        if path.is_dir():
            for one in _walk(path, found):
                name, moment = one.relative_to(path).as_posix(), datetime.fromtimestamp(one.stat().st_mtime, UTC)
                _add(found, name, moment, True, _opener(one), zone, 0)
        elif not is_plain(path.resolve()):
            raise CourseError(f"{path} is no zip and no folder: name what the platform let you download.")
        else:
            try:
                file = opened.enter_context(path.open("rb"))
                archive = opened.enter_context(_open_zip(file))
                _list_zip(found, "", lambda: nullcontext(archive), zone, 0)
            except _FAILS as error:
                raise CourseError(f"{path.name} is no zip that can be read: {error}. Download it again.") from None
        yield found


def _walk(folder: Path, found: Archive) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            one = Path(place, name)
            if is_plain(one):
                yield one
            elif not _is_junk(one.relative_to(folder).as_posix()):
                found.left_out[one.relative_to(folder).as_posix()] = "it is a link, a pipe or a device"


def _opener(path: Path) -> Opener:
    return lambda: path.open("rb")


def _list_zip(found: Archive, prefix: str, zipped: ZipOpener, zone: tzinfo | None, depth: int) -> None:
    """Add what lies in a zip; raises what ``zipfile`` does where it is none."""
    with zipped() as archive:
        infos = archive.infolist()
    for info in infos:
        if info.is_dir():
            continue
        name = prefix + _name(info)
        if stat.S_ISLNK(info.external_attr >> 16):
            found.left_out[name] = "it is a link"
        elif info.flag_bits & 1:
            found.left_out[name] = "it is locked by a password"
        else:
            moment, zoned = _moment(info, zone)
            _add(found, name, moment, zoned, _member(zipped, info), zone, depth)


def _add(
    found: Archive, name: str, moment: datetime | None, zoned: bool, opener: Opener, zone: tzinfo | None, depth: int
) -> None:
    """Add a file, or what lies in it where it is a zip."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    clean = "/".join(parts)
    if _is_junk(clean):
        return
    if ".." in parts or name.startswith(("/", "\\")) or name[1:2] == ":":
        found.left_out[name] = "its path leads out of the archive"
    elif clean.lower().endswith(".zip"):
        _add_nested(found, clean, opener, zone, depth + 1)
    else:
        found.entries.append(Entry(clean, moment, zoned, lambda: _bounded(opener, MAX_NOTEBOOK)))
    if len(found.entries) > MAX_ENTRIES:
        raise CourseError(f"There are more than {MAX_ENTRIES} files: name a smaller folder or archive.")


def _add_nested(found: Archive, name: str, opener: Opener, zone: tzinfo | None, depth: int) -> None:
    if depth > MAX_DEPTH:
        found.left_out[name] = f"it is a zip in {MAX_DEPTH} others"
        return
    try:
        found.nested += len(_bounded(opener, MAX_NESTED))
        if found.nested > MAX_TOTAL:
            raise CourseError(f"The zips in this archive have more than {MAX_TOTAL / 1e9:.0f} GB: unpack it yourself.")
        _list_zip(found, f"{name}/", lambda: _open_zip(io.BytesIO(_bounded(opener, MAX_NESTED))), zone, depth)
    except UnreadableError as reason:
        found.left_out[name] = str(reason)
    except _FAILS as error:
        found.left_out[name] = f"it is a damaged zip ({printable(str(error))})"


def _bounded(opener: Opener, limit: int) -> bytes:
    """Read a file.

    Raises:
        UnreadableError: where it is damaged, or larger than the limit.

    """
    try:
        with opener() as file:
            data = file.read(limit + 1)
    except _FAILS as error:
        raise UnreadableError(f"it is damaged ({printable(str(error))})") from None
    if len(data) > limit:
        raise UnreadableError(f"it has more than {limit / 1e6:.0f} MB")
    return data


def _member(zipped: ZipOpener, info: zipfile.ZipInfo) -> Opener:
    """Return what opens an entry of a zip; a zip in a zip is opened anew for each, so that none is kept in memory."""

    @contextmanager
    def opened() -> Iterator[IO[bytes]]:
        with zipped() as archive, archive.open(info) as file:
            yield file

    return opened


def _open_zip(file: IO[bytes]) -> zipfile.ZipFile:
    """Open a zip whose list of entries is not too long."""
    _refuse_long_directory(file)
    return zipfile.ZipFile(file)


def _refuse_long_directory(file: IO[bytes]) -> None:
    """Look at the size of a zip's list of entries before all of it is read."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 66_000))
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place >= 0 and len(tail) >= place + 16:
        (size,) = struct.unpack("<I", tail[place + 12 : place + 16])
        if MAX_DIRECTORY < size < 0xFFFFFFFF:
            raise zipfile.BadZipFile("its list of entries is too long")
    file.seek(0)


def _name(info: zipfile.ZipInfo) -> str:
    """Return an entry's name; UTF-8 is taken for it also where the zip does not say so."""
    if not info.flag_bits & 0x800:
        try:
            return info.filename.encode("cp437").decode()
        except UnicodeError:
            pass
    return info.filename


def _moment(info: zipfile.ZipInfo, zone: tzinfo | None) -> tuple[datetime | None, bool]:
    """Return when an entry was changed, and whether the zip says so in UTC; else its time is of the assumed zone."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == 0x5455 and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            return datetime.fromtimestamp(struct.unpack("<i", extra[5:9])[0], UTC), True
        extra = extra[4 + size :]
    try:
        local = datetime(*info.date_time)
    except ValueError:
        return None, False
    if local.year <= 1980:  # the first day that a zip can say, which means none
        return None, False
    return (local.replace(tzinfo=zone) if zone else local).astimezone(UTC), False


def _is_junk(path: str) -> bool:
    """Whether an operating system has put a file there, or Jupyter a copy."""
    return any(part.startswith(".") or part.lower() in _JUNK for part in path.split("/") if part not in (".", ".."))
