"""Has who takes much longer than the others graded after them."""

from collections.abc import Iterable, Iterator
from statistics import median

import msgspec

from gradstop.grading.assess import Unit
from gradstop.grading.intake.submission import Submission
from gradstop.grading.rules import Rules

LEAST, TIMES = 1.0, 4  # seconds; times what half of those that are graded have taken at most


class Rounds:
    """What is put off in a run, and how long a submission may take before it is.

    In the first round each submission has a share of time; one that takes more of it is put off, and graded from the
    beginning in a later one, in the last without another limit than its own. That costs nobody a point, and the others
    do not wait. Of several that are put off some may only have come when the machine was busy, or before it was known
    what the others take: they have twice the share once more, so that they do not wait for those that never end.

    Attributes:
        put_off: the names of the units that are to be graded in the next round.
        is_last: whether nothing is put off any more.

    """

    def __init__(self, count: int) -> None:
        """Begin a first round of ``count`` units; of one alone nothing is put off."""
        self.put_off: list[str] = []
        self._took: list[float] = []
        self._times = TIMES
        self.is_last = count <= 1

    def unit(self, submission: Submission, rules: Rules) -> bytes:
        """Return a unit for a worker, but in the last round with a share: those graded are entered many at a time."""
        return msgspec.json.encode(Unit(submission, rules, None if self.is_last else self.share))

    @property
    def share(self) -> float:
        """The seconds that a submission has. As long as all were put off it doubles: then the assignment takes long."""
        return max(LEAST, self._times * median(self._took)) if self._took else LEAST * 2 ** len(self.put_off)

    def graded(self, seconds: float) -> None:
        """Note how long one took that was graded."""
        self._took.append(seconds)

    def later(self) -> Iterator[list[str]]:
        """Begin one later round after the other: yield what was put off until then."""
        if len(self.put_off) > 1 and self._took:
            self._times *= 2
            yield self._next()
        self.is_last = True
        yield self._next()

    def said(self, names: Iterable[str]) -> str:
        """Say who is graded in the last round; nothing where all of a run are, which is as slow as its machine then."""
        return f"graded last, as it takes long: {', '.join(names)}" if self._took else ""

    def _next(self) -> list[str]:
        names, self.put_off = self.put_off, []
        return names
