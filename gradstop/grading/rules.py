"""How submissions are run: in which sandbox, and for how long."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gradstop.course import Assignment, read_json
from gradstop.sandbox import Limits

LATE = ("torch._dynamo", "torch.fx.experimental.symbolic_shapes")  # what torch itself loads only when it needs it


@dataclass(frozen=True)
class Rules:
    """How submissions are run. Times are in seconds.

    Attributes:
        limits: the sandbox's.
        sandboxed: whether there is one.
        cell: the time for one cell, and for all cases of one exercise.
        total: the time for all cells of a submission, repeated runs included.
        hidden: paths that a sandboxed process must not see; if it does, nothing is run.
        late: those of `LATE` that are loaded before anything is run.

    """

    limits: Limits = field(default_factory=Limits)
    sandboxed: bool = True
    cell: float = 30.0
    total: float = 120.0
    hidden: tuple[str, ...] = ()
    late: tuple[str, ...] = LATE

    @classmethod
    def of_course(cls, root: Path, assignment: Assignment, *, timeout: float, memory: int, sandboxed: bool) -> "Rules":
        """Return the rules for an assignment of a course: ``timeout`` seconds for a cell, ``memory`` in MiB.

        Raises CourseError where the assignment's recording cannot be read.
        """
        hidden = [root / name for name in ("solutions", "grading", "nbgrader_config.py")]
        hidden += [Path("/etc/passwd"), Path("/etc/shadow")]
        late = read_json(assignment.reference).get("late", LATE)
        return cls(Limits(memory=memory << 20), sandboxed, timeout, 4 * timeout, tuple(map(str, hidden)), tuple(late))

    def to_json(self) -> dict[str, Any]:
        """Return plain data; ``from_json`` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Rules":
        """Read what ``to_json`` returned."""
        paths = {name: tuple(data[name]) for name in ("hidden", "late")}
        return cls(**{**data, "limits": Limits(**data["limits"]), **paths})
