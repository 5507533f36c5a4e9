"""What an assignment's solutions do, observed in this process under seeds of the caller's choice."""

import secrets
import time
from collections.abc import Callable
from functools import lru_cache

from gradstop.compare import Reference, Wrong, make_reference
from gradstop.course import Assignment, CourseError, load_solutions, read_answers
from gradstop.observe import read_cases

POOL = 3  # sets of references that a run chooses from, so that a submission does not pay for its own
LIFE = 600  # seconds after which a process draws new seeds


def assignment_references(assignment: Assignment, seed: Callable[[], int]) -> dict[str, Reference]:
    """Observe all solutions and all known wrong answers of an assignment in ``solutions/``.

    ``seed`` is called for each seed. Raises CourseError for an exercise without cases.
    """
    solutions, cases = load_solutions(assignment.notebook), read_cases(assignment.read_cases())
    wrong = read_answers(assignment.folder / "wrong_answers.py")
    for name in solutions.keys() - cases.keys():
        raise CourseError(f"{assignment.name}/cases.py has no case for the exercise {name!r}.")
    known = {
        name: [(Wrong(a.name, a.misconception, a.says, a.read), a.function) for a in wrong.get(name, [])]
        for name in solutions
    }
    return {name: make_reference(cases[name], solutions[name], known[name], seed) for name in solutions}


def secret_references(assignment: Assignment) -> dict[str, Reference]:
    """Return references under secret seeds, one of a small pool that lives for this process and for ten minutes."""
    stamps = tuple(path.stat().st_mtime_ns for path in sorted(assignment.folder.glob("*.*")))
    return _pooled(assignment, secrets.randbelow(POOL), int(time.monotonic() // LIFE), stamps)


@lru_cache(maxsize=4 * POOL)
def _pooled(assignment: Assignment, _number: int, _age: int, _stamps: tuple[int, ...]) -> dict[str, Reference]:
    return assignment_references(assignment, lambda: secrets.randbits(63))
