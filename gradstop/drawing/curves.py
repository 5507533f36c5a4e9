"""What some trainings came to, step by step, side by side: ``curves``."""

import math
from collections.abc import Collection, Sequence

from gradstop.drawing.diagram import MOST, Panel, figure

_TOLD = 6  # so many numbers of a long curve stand in words


class Curves:
    """Numbers of several trainings. A notebook shows a diagram, plain Python prints some of the numbers.

    Attributes:
        text: some of the numbers, a line for each curve, rounded to two decimals.
        title: what was measured.

    """

    def __init__(self, title: str, lines: dict[str, tuple[float, ...]]) -> None:
        self.title = title
        self._panel = Panel(title, lines)
        self.text = "\n".join(f"{name}, {_told(numbers)}" for name, numbers in lines.items())

    def __repr__(self) -> str:
        return f"{self.title}\n{self.text}"

    def _repr_mimebundle_(self, **_: Collection[str] | None) -> dict[str, str]:
        """Return what a notebook shows. It picks a form itself, so its filters may be ignored."""
        return {"text/html": figure([self._panel], self.text, None), "text/plain": repr(self)}


def curves(title: str, **numbers: Sequence[float]) -> Curves:
    """Return a diagram of what was measured after each step of some trainings.

    Args:
        title: what was measured.
        **numbers: a training's numbers, one for each step; underscores in its name become blanks.

    Raises:
        ValueError: if no training is given, more than four, or one without numbers or with one that is not finite.

    """
    if not 1 <= len(numbers) <= MOST:
        raise ValueError(f"Pass the numbers of one to four trainings, not {len(numbers)}.")
    lines = {name.replace("_", " "): tuple(map(float, values)) for name, values in numbers.items()}
    for name, values in lines.items():
        if not values or not all(map(math.isfinite, values)):
            raise ValueError(f"{name!r} needs a finite number for each step, and at least one step.")
    return Curves(title, lines)


def _told(numbers: Sequence[float]) -> str:
    """Return the first and the last number, and some in between, with their steps."""
    last = len(numbers) - 1
    steps = sorted({round(k * last / (_TOLD - 1)) for k in range(_TOLD)})
    at, values = (", ".join(words) for words in ([f"{k + 1}" for k in steps], [f"{numbers[k]:.2f}" for k in steps]))
    return f"at steps {at}: {values}"
