"""Reads a zip that somebody else has made: its list of entries, names and times.

The list is read whole, so its size is looked at before.
"""

import os
import struct
import zipfile
from datetime import UTC, datetime, tzinfo
from typing import IO

_END, _SIZE_OF_END = b"PK\x05\x06", 22
_END_64, _SIZE_OF_END_64, _LOCATOR_64, _SIZE_OF_LOCATOR_64 = b"PK\x06\x06", 56, b"PK\x06\x07", 20
_TAIL = (1 << 16) + _SIZE_OF_END  # where zipfile looks for the end
_BEFORE = _SIZE_OF_END_64 + _SIZE_OF_LOCATOR_64


def open_zip(file: IO[bytes], most: int) -> zipfile.ZipFile:
    """Open a zip whose list of entries has at most ``most`` bytes.

    Raises:
        zipfile.BadZipFile: where it has more, or the file is no zip.

    """
    if _size_of_directory(file) > most:
        raise zipfile.BadZipFile("its list of entries is too long")
    file.seek(0)
    return zipfile.ZipFile(file)


def _size_of_directory(file: IO[bytes]) -> int:
    """Return the size of the list of entries, where ``zipfile`` looks for it; 0 where that finds no zip."""
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - _TAIL - _BEFORE))
    data = file.read()
    place = len(data) - _SIZE_OF_END
    if not (data[place:].startswith(_END) and data.endswith(b"\0\0")):
        start = max(0, len(data) - _TAIL)
        place = data.rfind(_END, start)
    if place < 0 or len(data) < place + _SIZE_OF_END:
        return 0
    (size,) = struct.unpack_from("<I", data, place + 12)
    locator = place - _SIZE_OF_LOCATOR_64
    if locator < 0 or not data.startswith(_LOCATOR_64, locator):
        return int(size)
    (offset,) = struct.unpack_from("<Q", data, locator + 8)
    file.seek(min(offset, length))  # versions of Python differ in which of the two they look at
    records = [data[max(0, locator - _SIZE_OF_END_64) : locator], file.read(_SIZE_OF_END_64)]
    sizes = [struct.unpack_from("<Q", one, 40)[0] for one in records if len(one) >= 48 and one.startswith(_END_64)]
    return max([size, *sizes] if size < 0xFFFFFFFF else sizes, default=int(size))


def name_of(info: zipfile.ZipInfo) -> str:
    """Return an entry's name; UTF-8 is taken for it also where the zip does not say so."""
    if not info.flag_bits & 0x800:
        try:
            return info.filename.encode("cp437").decode()
        except UnicodeError:
            pass
    return info.filename


def moment_of(info: zipfile.ZipInfo, zone: tzinfo | None) -> tuple[datetime | None, bool]:
    """Return when an entry was changed, and whether the zip says so in UTC; else its time is of the assumed zone."""
    extra, place = info.extra, 0
    while len(extra) >= place + 4:
        kind, size = struct.unpack_from("<HH", extra, place)
        if kind == 0x5455 and size >= 5 and len(extra) >= place + 9 and extra[place + 4] & 1:
            return datetime.fromtimestamp(struct.unpack_from("<i", extra, place + 5)[0], UTC), True
        place += 4 + size
    try:
        local = datetime(*info.date_time)
    except ValueError:
        return None, False
    if local.year <= 1980:  # the first day that a zip can say, which means none
        return None, False
    return (local.replace(tzinfo=zone) if zone else local).astimezone(UTC), False
