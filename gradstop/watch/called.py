"""The package itself is called: ``from gradstop import watch; with watch() as seen``."""

import sys
from typing import Any

from gradstop.watch.seen import KEEP, Watch


class _Callable(type(sys)):  # type: ignore[misc]
    """A module that is called: ``from gradstop import watch; with watch() as seen``."""

    def __call__(self, keep: int = KEEP) -> Watch:
        return Watch(keep)


def make_callable(module: Any) -> None:
    """Have a module return a ``Watch`` when it is called."""
    module.__class__ = _Callable
