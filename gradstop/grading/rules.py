"""How submissions are run: in which sandbox, and for how long."""

from dataclasses import dataclass, field
from pathlib import Path

from gradstop.course import Assignment, CourseError, read_json
from gradstop.course.files import CONFIG
from gradstop.sandbox import Limits

TIMEOUT, MEMORY, LEAST_MEMORY = 30.0, 1024, 128  # seconds; MiB
MAX_TIMEOUT = 1e6  # seconds; JSON, in which limits are handed on and kept, has no infinity
LAZY_IMPORTS = (
    "torch._dynamo",
    "torch.fx.experimental.symbolic_shapes",
)  # what torch itself loads only when it needs it


@dataclass(frozen=True)
class Rules:
    """How submissions are run. Times are in seconds.

    Attributes:
        limits: the sandbox's.
        sandboxed: whether there is one.
        cell: the time for one cell, and for all cases of one exercise.
        total: the time for all cells of a submission, repeated runs included.
        hidden: paths that a sandboxed process must not see; if it does, nothing is run.
        lazy_imports: those of ``LAZY_IMPORTS`` that are loaded before anything is run.

    """

    limits: Limits = field(default_factory=Limits)
    sandboxed: bool = True
    cell: float = TIMEOUT
    total: float = 120.0
    hidden: tuple[str, ...] = ()
    lazy_imports: tuple[str, ...] = LAZY_IMPORTS

    @classmethod
    def of_course(
        cls,
        root: Path,
        assignment: Assignment,
        *,
        timeout: float | None = None,
        memory: float | None = None,
        sandboxed: bool = True,
    ) -> "Rules":
        """Return the rules for an assignment of a course: ``timeout`` seconds for a cell, ``memory`` in MiB.

        Raises:
            CourseError: where a limit is too small or the assignment's ``lazy_imports.json`` cannot be read.

        """
        timeout, memory = TIMEOUT if timeout is None else timeout, MEMORY if memory is None else memory
        if not timeout > 0 or memory < LEAST_MEMORY:
            raise CourseError(f"--timeout is more than 0 seconds, --memory at least {LEAST_MEMORY} MiB.")
        timeout = min(timeout, MAX_TIMEOUT)
        hidden = [root / name for name in ("solutions", "grading", CONFIG)]
        hidden += [Path("/etc/passwd"), Path("/etc/shadow")]
        return cls(
            Limits(memory=int(memory) << 20),
            sandboxed,
            timeout,
            4 * timeout,
            tuple(map(str, hidden)),
            _lazy_imports(assignment),
        )

    def limits_set(self) -> dict[str, float]:
        """Return what an instructor sets: ``timeout`` in seconds, ``memory`` in MiB."""
        return {"timeout": self.cell, "memory": self.limits.memory >> 20}


def _lazy_imports(assignment: Assignment) -> tuple[str, ...]:
    """Return what is written down of an assignment; all, where nothing is."""
    if not assignment.lazy_imports.is_file():
        return LAZY_IMPORTS
    known = read_json(assignment.lazy_imports)
    if not isinstance(known, list) or any(name not in LAZY_IMPORTS for name in known):
        place = f"{assignment.name}/{assignment.lazy_imports.name}"
        raise CourseError(f"{place} lists other modules than {', '.join(LAZY_IMPORTS)}: run `gradstop refresh`.")
    return tuple(known)
