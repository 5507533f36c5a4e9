"""Catches what an answer prints while it is observed, so that it does not pour out before the verdict."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import TextIOBase

MAX_SHOWN_LINE = 60  # characters of the first line


class Printed(TextIOBase):
    """Counts lines, and keeps the first."""

    def __init__(self) -> None:
        self.lines = 0
        self._first = ""

    def write(self, text: str) -> int:
        """Take in what is printed."""
        if not self.lines and len(self._first) < MAX_SHOWN_LINE:
            self._first += text[: 2 * MAX_SHOWN_LINE]
        self.lines += text.count("\n")
        return len(text)

    def words(self) -> str:
        """Say in one sentence what was printed, or nothing."""
        first = " ".join((self._first.strip().splitlines() or [""])[0].split())
        if not first:
            return ""
        shown = first if len(first) <= MAX_SHOWN_LINE else f"{first[: MAX_SHOWN_LINE - 2]} …"
        many = f"{self.lines} lines, the first" if self.lines > 1 else "a line"
        return f"While it was checked your function printed {many}: {shown}. What it prints is not looked at."


@contextmanager
def printed() -> Iterator[Printed]:
    """Catch what is printed in the body, on standard output and error."""
    sys.stdout.flush()
    caught = Printed()
    with redirect_stdout(caught), redirect_stderr(caught):
        yield caught
