"""Reads ``reference.json``: what the solution did when the student copy was made."""

from dataclasses import dataclass
from functools import lru_cache

import torch

from gradstop.compare import Reference
from gradstop.course import Assignment, CourseError, read_json
from gradstop.observe import Case, read_cases


@dataclass(frozen=True)
class Recording:
    """An assignment as the learner's copy holds it: its cases, its references, the torch they were recorded on."""

    cases: dict[str, list[Case]]
    references: dict[str, Reference]
    sections: dict[str, str]
    torch: str

    def other_torch(self) -> str:
        """Say that this torch is not the one of the recording, or nothing."""
        here = plain_version(torch.__version__)
        if here == self.torch:
            return ""
        return (
            f"The reference was recorded on torch {self.torch} and this is torch {here}: "
            "a difference may come from torch and not from you."
        )


def plain_version(version: str) -> str:
    """Return ``2.13.0`` for ``2.13.0+cpu``."""
    return version.partition("+")[0]


def read_recording(assignment: Assignment) -> Recording:
    """Read an assignment's cases and references; again only when a file has changed.

    Raises:
        CourseError: where a file is missing or damaged.

    """
    stamps = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in (assignment.cases, assignment.reference))
    return _read(assignment, stamps)


@lru_cache(maxsize=8)
def _read(assignment: Assignment, stamps: tuple[int, ...]) -> Recording:  # noqa: ARG001 - the cache's key
    data = read_json(assignment.reference)
    try:
        references = {name: Reference.from_json(name, item) for name, item in data["exercises"].items()}
        return Recording(read_cases(assignment.read_cases()), references, data["sections"], data["torch"])
    except (KeyError, TypeError) as error:
        place = f"{assignment.name}/{assignment.reference.name}"
        raise CourseError(f"{place} is of another form ({error}): get the assignment's folder again.") from None
