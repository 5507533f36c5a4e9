"""Which modules of torch an assignment's answers bring in late: what grades them loads these beforehand, and no others.

Torch loads some of its own modules when they are first needed: the first optimizer brings in torch._dynamo, which takes
two seconds and 80 MB. A process for each submission would pay for that, if its warm one has not; and a warm one that
has it for nothing starts later, and forks more slowly.
"""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from gradstop.course import Assignment, load_solutions, read_answers
from gradstop.grading.rules import LAZY_IMPORTS
from gradstop.observe import observe, read_cases
from gradstop.record import Setup


def lazy_imports_of(assignment: Assignment) -> list[str]:
    """Return those of ``LAZY_IMPORTS`` that the solutions and known answers of an assignment of ``solutions/`` load."""
    command = [sys.executable, "-m", __name__, str(assignment.folder)]
    found: list[str] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)  # noqa: S603
    return found


def _observe_all(assignment: Assignment) -> None:
    cases = read_cases(assignment.read_cases())
    answers = list(load_solutions(assignment.notebook).items())
    for kind in ("right_answers.py", "wrong_answers.py"):
        known = read_answers(assignment.folder / kind)
        answers += [(name, answer.function) for name, several in known.items() for answer in several]
    for name, function in answers:
        for case in cases.get(name, []):
            with suppress(Exception):
                observe(case, function, (Setup(1), Setup(2)))


if __name__ == "__main__":
    _observe_all(Assignment(Path(sys.argv[1])))
    print(json.dumps([name for name in LAZY_IMPORTS if name in sys.modules]))
