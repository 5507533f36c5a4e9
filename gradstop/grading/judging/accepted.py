"""Reports that were judged right: those of the next submission are mostly the same bytes, and are not read again."""

from dataclasses import dataclass
from typing import Any

from gradstop.grading.inside.channel import answer_text, text_of

LONGEST = 10_000  # characters of a report that is kept; one that agrees may hold more than was asked for
Key = tuple[int, str, int]  # 0 for the answer, or the control's place; a case; the number of its trial


@dataclass(frozen=True)
class AcceptedReport:
    """What was said of one run in its two phases, as values and as text."""

    first: Any
    done: Any
    first_text: str
    done_text: str


class AcceptedReports:
    """The last report of each run of an exercise that was judged right, for as long as the seeds are the same."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[Key, AcceptedReport] = {}

    def keep(self, key: Key, first: Any, done: Any) -> None:
        """Keep a report that was judged right, if it is of usual length."""
        if not self.has(key, first, done):
            texts = text_of(first), text_of(done)
            if len(texts[0]) + len(texts[1]) <= LONGEST:
                self._known[key] = AcceptedReport(first, done, *texts)

    def has(self, key: Key, first: Any, done: Any) -> bool:
        """Whether these are the values that ``read`` gives for the report that was kept."""
        known = self._known.get(key)
        return known is not None and first is known.first and done is known.done

    def read(self, text: str, done: Key | None, first: Key | None) -> dict[str, Any] | None:
        """Return an answer that reports the end of one run, and the first phase of the next, if both are known.

        None for a run stands for none: before the first, or after the last.
        """
        answer: dict[str, Any] = {"done": None}
        done_text, first_text = "null", None
        if done is not None:
            if (known := self._known.get(done)) is None:
                return None
            answer["done"], done_text = known.done, known.done_text
        if first is not None:
            if (known := self._known.get(first)) is None:
                return None
            answer["first"], first_text = known.first, known.first_text
        return answer if text == answer_text(done_text, first_text) else None
