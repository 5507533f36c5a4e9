"""The lines that show an error, of which as many are made as are shown: it may have a million frames, or causes.

IPython reads and parses the source of each frame of each error, which takes milliseconds for one, and minutes for what
a cell can raise.
"""

import linecache
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from textwrap import indent
from types import TracebackType
from typing import TypeVar

FIRST_FRAMES, LAST_FRAMES = 5, 10  # of a traceback
FIRST_ERRORS, LAST_ERRORS = 2, 3  # of a chain of errors
MAX_MEMBERS = 5  # errors of a group
MAX_ERRORS = 20  # with frames, in all chains and groups
MAX_NOTES = 10
MAX_OWN = 50  # lines that an error itself says are shown
MAX_SAID = 10_000  # characters of a message, or a note
MAX_QUOTED = 200  # of a name, or a line of source
_AROUND = 2  # lines of source before and after the one that a frame has come to
_Item = TypeVar("_Item")
_CAUSE = "The above error was the direct cause of the following one:"
_CONTEXT = "While the above error was handled, another one occurred:"


def cut(text: str, most: int) -> str:
    """Return a text, and where it is too long its beginning and a note."""
    return text if len(text) <= most else f"{text[:most]} (cut: {len(text):,} characters)"


def words_of(error: BaseException) -> tuple[str, str]:
    """Return the name of an error's class, and its message; nothing for one that cannot be said."""
    name, said = "", ""
    with suppress(Exception):  # what it raises is the submission's
        name = cut(type(error).__name__, MAX_QUOTED)
        said = cut(str(error), MAX_SAID)
    return name, said


def lines_of(error: BaseException, name_of: Callable[[str], str], *, frames: bool = True) -> list[str]:
    """Return the lines that show an error, with what led to it, in the order in which it happened.

    What belongs together, as a frame or a message, is one of them. An error may say by ``_render_traceback_`` what is
    shown of it, as for IPython. Files are shown by what ``name_of`` makes of their names. Where one of these raises,
    what is missing is left out.
    """
    with suppress(Exception):
        if own := getattr(error, "_render_traceback_", None):
            return [cut(str(line), MAX_SAID) for line in islice(own(), MAX_OWN)]
    lines = list[str]()
    with suppress(Exception):
        lines.extend(_Lines(name_of, frames=frames).of_chain(error))
    return lines


class _Lines:
    """Makes the lines of one error; of ``MAX_ERRORS`` that it is made of all is shown, of the others their words."""

    def __init__(self, name_of: Callable[[str], str], *, frames: bool) -> None:
        self._name_of, self._frames = name_of, frames
        self._left = MAX_ERRORS

    def of_chain(self, error: BaseException) -> Iterator[str]:
        errors = _errors_of_chain(error)
        for number, one in _ends(errors, FIRST_ERRORS, LAST_ERRORS):
            if one is None:
                yield f"\n(... {number:,} errors of this chain are left out here ...)"
                continue
            if number:
                yield f"\n{_CONTEXT if one.__cause__ is None else _CAUSE}\n"
            yield from self._of_one(one)

    def _of_one(self, error: BaseException) -> Iterator[str]:
        self._left -= 1
        name, said = words_of(error)
        if self._frames and self._left >= 0:
            yield from self._of_frames(error.__traceback__)
        if isinstance(error, SyntaxError):
            yield from self._of_source(error)
            said = cut(str(error.msg), MAX_SAID)  # without the place once more
        yield f"\x1b[31m{name}\x1b[39m: {said}"
        notes = getattr(error, "__notes__", None)
        for note in notes[:MAX_NOTES] if isinstance(notes, list) else ():
            yield cut(str(note), MAX_SAID)
        if isinstance(error, BaseExceptionGroup) and self._left > 0:
            yield from self._of_members(error.exceptions)

    def _of_members(self, errors: Sequence[BaseException]) -> Iterator[str]:
        for number, one in enumerate(errors[:MAX_MEMBERS], 1):
            yield f"  --- {number} of {len(errors):,} ---"
            yield from (indent(line, "  | ", lambda _: True) for line in self.of_chain(one))
            if self._left <= 0:
                break

    def _of_frames(self, trace: TracebackType | None) -> Iterator[str]:
        traces = []
        while trace is not None:
            if not str(trace.tb_frame.f_globals.get("__name__")).startswith("IPython."):
                traces.append(trace)
            trace = trace.tb_next
        for number, one in _ends(traces, FIRST_FRAMES, LAST_FRAMES):
            yield self._of_frame(one) if one is not None else f"    (... {number:,} frames are left out here ...)"

    def _of_frame(self, trace: TracebackType) -> str:
        code, line = trace.tb_frame.f_code, trace.tb_lineno or 0
        function = "" if code.co_name == "<module>" else f", in {cut(code.co_qualname, MAX_QUOTED)}"
        numbers = range(max(1, line - _AROUND), line + _AROUND + 1)
        shown = ((number, linecache.getline(code.co_filename, number).rstrip()) for number in numbers)
        lines = [
            f"{f'----> {number}' if number == line else f'{number:>7}'} {cut(text, MAX_QUOTED)}"
            for number, text in shown
            if text or number == line
        ]
        return "\n".join([f"{self._place(code.co_filename, line)}{function}", *lines])

    def _of_source(self, error: SyntaxError) -> Iterator[str]:
        if not isinstance(error.filename, str) or not isinstance(error.lineno, int):
            return
        yield self._place(error.filename, error.lineno)
        if isinstance(error.text, str) and isinstance(error.offset, int):
            start = max(0, error.offset - MAX_QUOTED)
            text = error.text[start : start + 2 * MAX_QUOTED].partition("\n")[0]
            yield f"    {text}\n    {' ' * min(len(text), max(0, error.offset - start - 1))}^"

    def _place(self, file: str, line: int) -> str:
        return f"{cut(self._name_of(file), MAX_QUOTED)}, line {line}"


def _ends(items: Sequence[_Item], first: int, last: int) -> Iterator[tuple[int, _Item | None]]:
    """Yield the first and the last items with their numbers, between them None with how many others there are."""
    missing = len(items) - first - last
    if missing <= 1:
        yield from enumerate(items)
        return
    yield from enumerate(items[:first])
    yield missing, None
    yield from enumerate(items[-last:], len(items) - last)


def _errors_of_chain(error: BaseException) -> list[BaseException]:
    """Return an error and those that led to it, the first one first."""
    found: dict[int, BaseException] = {}
    before: BaseException | None = error
    while before is not None and id(before) not in found:
        found[id(before)] = before
        cause = before.__cause__
        before = before.__context__ if cause is None and not before.__suppress_context__ else cause
    return list(found.values())[::-1]
