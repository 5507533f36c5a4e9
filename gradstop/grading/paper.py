"""The paper: what every submission of an assignment is judged by, as bytes that another machine can read.

It holds solutions' observations under secret seeds, so it stays with the judge and never enters a sandbox. What a
sandbox is told of it, one item at a time: the cases, the controls' sources and the seeds.
"""

import json
import secrets
import time
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gradstop.compare import Reference
from gradstop.course import Assignment, read_json, section_titles
from gradstop.grading.controls import Control
from gradstop.grading.keys import Key, secret_keys
from gradstop.grading.room import Room
from gradstop.grading.template import Template

POOL = 2  # papers that a long-lived process chooses from
LIFE = 600  # seconds after which a process draws new seeds


@dataclass(frozen=True)
class Paper:
    """All that is needed to judge one submission.

    ``version`` changes when anything of the assignment does, and with torch; the secret seeds do not count.
    ``cases`` is the text of ``cases.py``, ``template`` the notebook as it was handed out, ``references`` and
    ``controls`` are by exercise, ``sections`` names the book's sections.
    """

    assignment: str
    version: str
    cases: str
    template: Template
    references: dict[str, Reference]
    controls: dict[str, list[Control]]
    sections: dict[str, str]

    def to_bytes(self) -> bytes:
        """Return the paper as JSON."""
        data = {
            "assignment": self.assignment,
            "version": self.version,
            "cases": self.cases,
            "template": self.template.notebook,
            "references": {name: reference.to_json() for name, reference in self.references.items()},
            "controls": {name: [vars(c) for c in controls] for name, controls in self.controls.items()},
            "sections": self.sections,
        }
        return json.dumps(data, ensure_ascii=False).encode()


@lru_cache(maxsize=8)
def read_paper(data: bytes) -> Paper:
    """Return the paper that was written; the last few are kept."""
    plain: dict[str, Any] = json.loads(data)
    return Paper(
        plain["assignment"],
        plain["version"],
        plain["cases"],
        Template(plain["template"]),
        {name: Reference.from_json(name, reference) for name, reference in plain["references"].items()},
        {name: [Control(**control) for control in controls] for name, controls in plain["controls"].items()},
        plain["sections"],
    )


def make_paper(assignment: Assignment, keys: dict[str, Key], root: Path) -> Paper:
    """Put the paper of an assignment of ``solutions/`` together.

    Raises CourseError where a file of the assignment cannot be read.
    """
    return Paper(
        assignment.name,
        version_of(assignment),
        assignment.read_cases(),
        handed_out_template(assignment),
        {name: key.reference for name, key in keys.items()},
        {name: key.controls for name, key in keys.items()},
        section_titles(root),
    )


def secret_paper(assignment: Assignment, root: Path, room: Room | None) -> Paper:
    """Return a paper under secret seeds, one of a small pool that lives for this process and for ten minutes.

    Its key is made in a fork of the room's warm process, or in this one. Raises CourseError where a file of the
    assignment cannot be read or run.
    """
    age = int(time.monotonic() // LIFE)
    return _pooled(assignment, root, room, secrets.randbelow(POOL), age, version_of(assignment))


@lru_cache(maxsize=2 * POOL)
def _pooled(assignment: Assignment, root: Path, room: Room | None, _number: int, _age: int, _version: str) -> Paper:
    return make_paper(assignment, secret_keys(assignment, room), root)


def version_of(assignment: Assignment) -> str:
    """Return a digest of what an assignment's submissions are judged by."""
    digest = sha256(f"{version('gradstop')} {version('torch')}".encode())
    for path in (*sorted(assignment.folder.glob("*.*")), handed_out(assignment)):
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def handed_out(assignment: Assignment) -> Path:
    """Return the notebook of the student copy."""
    return assignment.reference.with_name(assignment.notebook.name)


def handed_out_template(assignment: Assignment) -> Template:
    """Return the student copy's notebook, as submissions are put back into its form."""
    return Template(read_json(handed_out(assignment)))
