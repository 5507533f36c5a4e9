"""Which errors of a statement come from what is missing where submissions are run, and not from the answer.

On the student's machine such a statement went through, and the cell with it: so the rest of the cell is run without it.
Any other error ends a cell here as it did there.
"""

import linecache
import locale
import os
import re
from bdb import BdbQuit
from contextlib import suppress
from types import CodeType
from typing import Any

from IPython.core.error import UsageError

from gradstop.grading.inside.channel import WITHOUT

MAX_QUOTED = 100  # characters of the line, and of the error
_HERE = "where submissions are run"
_DEVICE = re.compile(r"\b(cuda|mps|xpu)\b|NVIDIA", re.IGNORECASE)
_KINDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (ImportError, f"it is not installed {_HERE}; install it there, or do without it"),
    ((EOFError, BdbQuit), f"nobody types anything {_HERE}; write the value instead"),
    (OSError, f"there is no network and no file but those handed in {_HERE}; hand the file in, or do without it"),
    (UsageError, f"there is no such command of IPython {_HERE}; do without it"),
    (locale.Error, f"this language is not installed {_HERE}; do without it"),
)


class Lacking:
    """Says of errors whether something was missing here; what a line left out would have defined is missing too."""

    def __init__(self) -> None:
        self._undefined = set[str]()

    def note(self, error: BaseException, code: CodeType, names: dict[str, Any]) -> str:
        """Return what to say of a statement that is passed over, or nothing where its error ends the cell.

        Args:
            error: what it raised.
            code: of the statement.
            names: the notebook's, by which it is known what is defined.

        """
        why = ""
        if "run_cell_magic" not in code.co_names:  # that is all of a cell
            with suppress(Exception):  # what it raises is the submission's
                why = self._why(error, code)
        if why:
            self._undefined |= {name for name in code.co_names if name not in names}
        return f"{WITHOUT} {_line(error, code)!r}: {why}" if why else ""

    def _why(self, error: BaseException, code: CodeType) -> str:
        if isinstance(error, NameError) and error.name in self._undefined:
            return f"{error.name} would come from a line that was left out too"
        for kind, why in _KINDS:
            if isinstance(error, kind):
                return why
        if type(error).__name__ == "TclError":  # tkinter is not loaded for it
            return f"there is no screen {_HERE}; do without a window"
        if isinstance(error, KeyError) and _raised_in(error) == os.__name__:
            return f"this variable of the environment is not set {_HERE}; do without it"
        if isinstance(error, Exception) and _DEVICE.search(" ".join((str(error)[:MAX_QUOTED], *code.co_names))):
            return f"there is no such device {_HERE}; choose it by torch.cuda.is_available()"
        return ""


def _raised_in(error: BaseException) -> str:
    """Return the name of the module in which an error was raised."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return str(trace.tb_frame.f_globals.get("__name__")) if trace else ""


def _line(error: BaseException, code: CodeType) -> str:
    """Return the line of a statement that raised an error."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code is not code:
        trace = trace.tb_next
    number = trace.tb_lineno if trace else code.co_firstlineno
    return linecache.getline(code.co_filename, number or 0).strip()[:MAX_QUOTED]
