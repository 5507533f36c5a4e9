"""Reads the course's own data files: JSON, each with the number of its format."""

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gradstop.course.errors import CourseError

Data = TypeVar("Data", bound=Any)


def read_data_file(root: Path, name: Path | str, kind: type[Data], newest: int, mend: str) -> Data | None:
    """Return what a file of the course at ``root`` holds, decoded by the dataclass's hints; None where there is none.

    Args:
        root: the course's folder.
        name: the file, from there.
        kind: a dataclass with a field ``format``.
        newest: the format that this version writes.
        mend: what somebody does about a damaged file, in a sentence.

    Raises:
        CourseError: where it is damaged, or of a later format.

    """
    try:
        found: Data = msgspec.json.decode((root / name).read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CourseError(f"{name} cannot be read: {error}. {mend}") from None
    if found.format > newest:
        raise CourseError(f"{name} is of format {found.format}, this gradstop reads {newest}: update gradstop.")
    return found
