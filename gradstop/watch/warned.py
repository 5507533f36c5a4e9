"""A warning that comes from a watched call names the user's line, as without a watch it would."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gradstop.watch.lines import OURS, kind_of, line_of


@contextmanager
def warned_at_users_line() -> Iterator[None]:
    """Show the user's line in the place of ours, by ``warnings.showwarning``."""
    show = warnings.showwarning

    def show_there(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
        if kind_of(filename) == OURS:
            users = line_of(sys._getframe(1))
            filename, lineno, line = users.file, users.number, None
        show(message, category, filename, lineno, file, line)

    warnings.showwarning = show_there
    try:
        yield
    finally:
        if warnings.showwarning is show_there:  # and not what the program has put there
            warnings.showwarning = show
