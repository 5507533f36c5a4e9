"""A fault of the watch's own never ends the program that is watched."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_log = logging.getLogger("gradstop.watch")


def log_our_own() -> None:
    """Log the fault that is being handled."""
    _log.exception("the watch could not write this down; please open an issue")


@contextmanager
def our_own_faults_logged() -> Iterator[None]:
    """Log what the body raises, with its traceback, and go on."""
    try:
        yield
    except Exception:
        _log.exception("the watch could not explain this; please open an issue")
