"""Known answers: the wrong ones, each with the misconception behind it, and other right ones."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from gradstop.course.files import read_text

Function = Callable[..., Any]


@dataclass(frozen=True)
class Answer:
    """An answer to an exercise.

    ``misconception`` is its name in the project's catalogue; ``says`` explains it to the one who wrote it,
    and completes "This behaves like …"; ``read`` is the section to read. A right answer leaves them empty.
    """

    exercise: str
    name: str
    function: Function
    misconception: str = ""
    says: str = ""
    read: str = ""


def wrong(exercise: str, misconception: str, says: str, read: str) -> Callable[[Function], Answer]:
    """Make a known wrong answer of a function; its name is the function's."""
    return lambda function: Answer(exercise, function.__name__, function, misconception, says, read)


def right(exercise: str) -> Callable[[Function], Answer]:
    """Make another right answer of a function."""
    return lambda function: Answer(exercise, function.__name__, function)


def read_answers(path: Path) -> dict[str, list[Answer]]:
    """Run a file of answers and return them by exercise, in the order of the file."""
    module = ModuleType(path.stem)
    exec(compile(read_text(path), path.name, "exec"), module.__dict__)  # noqa: S102 - the course's own file
    found: dict[str, list[Answer]] = {}
    for item in vars(module).values():
        if isinstance(item, Answer):
            found.setdefault(item.exercise, []).append(item)
    return found
