"""What a case says of an error that a call has raised."""

from collections.abc import Callable
from textwrap import shorten

_SHOWN = 300  # characters of an error's message
_MOST_READ = 10_000  # characters of an error's message, which may have a hundred million
# By the class of Python's own: an exception's class may have code of the answer's.
_forget_traceback = BaseException.with_traceback
_behind = tuple(vars(BaseException)[name].__get__ for name in ("__context__", "__cause__"))
_MOST_BEHIND = 10_000  # errors that one comes from, in whose frames is looked


def first_line(error: BaseException) -> str:
    """Return an error's message, cut after its first line, or the second where the first announces it; bounded."""
    first, *more = str(error)[:_MOST_READ].strip().splitlines() or [""]
    line = " ".join(" ".join([first, *more[:1]] if first.endswith(":") else [first]).split())
    line = line if len(line) <= _SHOWN else shorten(line, _SHOWN, placeholder=" …")
    return line.encode(errors="replace").decode()  # a lone surrogate cannot be printed


def where(error: BaseException) -> str:
    """Return an error's message, and the line of the learner's cell that it comes from."""
    line = ""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "ipykernel_" in name or name.startswith(("<ipython-input", "<stdin>")):
            line = f"in line {trace.tb_lineno} of its cell"
        trace = trace.tb_next
    return ", ".join(filter(None, (first_line(error), line)))


def text_then_forget_frames(by: Callable[[BaseException], str], error: BaseException) -> str:
    """Return a text of an error, and forget the frames of it and of those that it comes from: objects die with them."""
    text = by(error)
    waiting, seen = [error], {id(error)}
    while waiting and len(seen) < _MOST_BEHIND:
        one = waiting.pop()
        _forget_traceback(one, None)
        more = [other for read in _behind if (other := read(one)) is not None and id(other) not in seen]
        seen.update(map(id, more))
        waiting += more
    return text
