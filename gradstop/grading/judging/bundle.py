"""The grading bundle: what every submission of an assignment is judged by, as bytes that another machine can read.

It holds solutions' observations under secret seeds, so it stays with the judge and never enters a sandbox. What a
sandbox is told of it, one item at a time: the cases, the controls' sources and the seeds.
"""

import secrets
import time
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import msgspec

from gradstop import __version__
from gradstop.compare import Reference
from gradstop.course import Assignment, read_json, section_titles
from gradstop.grading.answer_key.controls import Control
from gradstop.grading.answer_key.data import AnswerKey
from gradstop.grading.answer_key.request import secret_answer_keys
from gradstop.grading.intake.template import Template
from gradstop.grading.judging.accepted import AcceptedReports
from gradstop.grading.process.warm_process import WarmProcess

POOL = 2  # papers that a long-lived process chooses from
LIFE = 600  # seconds after which a process draws new seeds


@dataclass(frozen=True)
class GradingBundle:
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

    @cached_property
    def accepted(self) -> dict[str, AcceptedReports]:
        """What submissions reported that was judged right, by exercise. It does not travel."""
        return {}


@lru_cache(maxsize=8)
def read_bundle(data: bytes) -> GradingBundle:
    """Return the bundle that these bytes, JSON, hold; the last few are kept."""
    return msgspec.json.decode(data, type=GradingBundle)


def make_bundle(assignment: Assignment, keys: dict[str, AnswerKey], root: Path) -> GradingBundle:
    """Put the bundle of an assignment of ``solutions/`` together.

    Raises:
        CourseError: where a file of the assignment cannot be read.

    """
    return GradingBundle(
        assignment.name,
        version_of(assignment),
        assignment.read_cases(),
        handed_out_template(assignment),
        {name: key.reference for name, key in keys.items()},
        {name: key.controls for name, key in keys.items()},
        section_titles(root),
    )


def secret_bundle(assignment: Assignment, root: Path, warm_process: WarmProcess | None) -> GradingBundle:
    """Return a bundle under secret seeds, one of a small pool that lives for this process and for ten minutes.

    Its key is made in a fork of the warm process, or in this one.

    Raises:
        CourseError: where a file of the assignment cannot be read or run.

    """
    age = int(time.monotonic() // LIFE)
    return _pooled(assignment, root, warm_process, secrets.randbelow(POOL), age, version_of(assignment))


@lru_cache(maxsize=2 * POOL)
def _pooled(
    assignment: Assignment, root: Path, warm_process: WarmProcess | None, _number: int, _age: int, _version: str
) -> GradingBundle:
    return make_bundle(assignment, secret_answer_keys(assignment, warm_process), root)


def version_of(assignment: Assignment) -> str:
    """Return a digest of what an assignment's submissions are judged by."""
    digest = sha256(f"{__version__} {version('torch')}".encode())
    for path in (*sorted(assignment.folder.glob("*.*")), handed_out(assignment)):
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def handed_out(assignment: Assignment) -> Path:
    """Return the notebook of the student copy."""
    return assignment.reference.with_name(assignment.notebook.name)


def handed_out_template(assignment: Assignment) -> Template:
    """Return the student copy's notebook, as submissions are put back into its form."""
    return Template(read_json(handed_out(assignment)))
