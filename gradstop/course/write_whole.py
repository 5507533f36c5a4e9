"""Writes a file at once or not at all."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from gradstop.course.errors import CourseError

_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, and its folder where there is none; where that fails, what was there before stays.

    Raises:
        CourseError: where it cannot be written, as on a full disk.

    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        mend = " Work in a folder that your user may write to." if error.errno in _NOT_ALLOWED else ""
        raise CourseError(f"{os.path.relpath(path)} cannot be written: {error.strerror}.{mend}") from None
    finally:
        with suppress(OSError):  # as where the folder is a file
            unfinished.unlink(missing_ok=True)
