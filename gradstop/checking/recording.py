"""Loads a learner's recording: an assignment's cases, and what the solution did when the copy was made."""

from dataclasses import dataclass
from functools import lru_cache

import torch

from gradstop.compare import Reference
from gradstop.course import Assignment, CourseError
from gradstop.course.files import again
from gradstop.observe import Case, read_cases
from gradstop.reference_file import read_reference_file


@dataclass(frozen=True)
class Recording:
    """An assignment as the learner's copy holds it: its cases, its references, the torch they were recorded on."""

    cases: dict[str, list[Case]]
    references: dict[str, Reference]
    sections: dict[str, str]
    torch: str
    tried: dict[str, list[str]]

    def other_torch(self, exercise: str) -> str:
        """Say that a difference may come from this torch, or nothing where known answers get the same verdicts."""
        here = plain_version(torch.__version__)
        if here == self.torch or exercise not in self.tried.get(here, [exercise]):
            return ""
        known = "known answers get other verdicts on this one" if here in self.tried else "it was not tried on this one"
        return (
            f"The reference was recorded on torch {self.torch}, this is torch {here}, and {known}: "
            "a difference may come from torch and not from you."
        )


def plain_version(version: str) -> str:
    """Return ``2.13.0`` for ``2.13.0+cpu``."""
    return version.partition("+")[0]


def read_recording(assignment: Assignment) -> Recording:
    """Read an assignment's cases and references; again only when a file has changed.

    Raises:
        CourseError: where a file is missing or damaged, or the two are not of one version.

    """
    stamps = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in (assignment.cases, assignment.reference))
    return _read(assignment, stamps)


@lru_cache(maxsize=8)
def _read(assignment: Assignment, stamps: tuple[int, ...]) -> Recording:  # noqa: ARG001 - the cache's key
    file, cases = read_reference_file(assignment), _cases(assignment)
    for name, reference in file.references.items():
        if [case.name for case in cases.get(name, [])] != list(reference.trials):
            place = f"{assignment.name}/{assignment.reference.name}"
            raise CourseError(f"{place} has other cases than cases.py beside it. {again(assignment)}")
    return Recording(cases, file.references, file.sections, file.torch, file.tried)


def _cases(assignment: Assignment) -> dict[str, list[Case]]:
    source = assignment.read_cases()
    try:
        return read_cases(source)
    except Exception as error:
        said = f"{assignment.name}/{assignment.cases.name} was changed, and fails: {type(error).__name__}: {error}."
        raise CourseError(f"{said} {again(assignment)}") from None
