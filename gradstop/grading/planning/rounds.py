"""Has who takes much longer than the others graded after them."""

from collections.abc import Iterator
from statistics import median

import msgspec

from gradstop.grading.assess import Unit
from gradstop.grading.intake.submission import Submission
from gradstop.grading.rules import Rules

LEAST, TIMES = 1.0, 4  # seconds; times what half of those that are graded have taken at most


class Rounds:
    """What is put off in a run, and how long a submission may take before it is.

    In the first round each submission has a share of time; one that takes more of it is put off, and graded from the
    beginning in the second, without another limit than its own. That costs nobody a point, and the others do not wait.

    Attributes:
        put_off: the names of the units that are to be graded in the second round.

    """

    def __init__(self, count: int) -> None:
        """Begin a first round of ``count`` units; of one alone nothing is put off."""
        self.put_off: list[str] = []
        self._took: list[float] = []
        self._is_first = count > 1

    def unit(self, submission: Submission, rules: Rules) -> bytes:
        """Return a unit for a worker; in the first round with a share, for those graded are entered many at a time."""
        return msgspec.json.encode(Unit(submission, rules, self.share if self._is_first else None))

    @property
    def share(self) -> float:
        """The seconds that a submission has. As long as all were put off it doubles: then the assignment takes long."""
        return max(LEAST, TIMES * median(self._took)) if self._took else LEAST * 2 ** len(self.put_off)

    def graded(self, seconds: float) -> None:
        """Note how long one took that was graded."""
        self._took.append(seconds)

    def second(self) -> Iterator[str]:
        """Begin the second round: yield what was put off."""
        names, self.put_off, self._is_first = self.put_off, [], False
        yield from names
