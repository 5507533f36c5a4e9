"""Ends a piece of a learner's code that takes too long."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN = 0.5  # seconds between two attempts: a bare ``except`` may have caught the first


class TimeOver(KeyboardInterrupt):
    """The time for a piece of code is over: it ends what runs as an interrupt does, an observation too."""


def endless(seconds: float) -> str:
    """Say of something that its time is over."""
    return f"has not ended after {seconds:g} s: look for a loop that never ends"


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise ``TimeOver`` in the body when it has run for ``seconds``.

    It takes effect between two of Python's instructions. Outside of the main thread, and where the system has no
    interval timer (Windows), there is no limit.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    over = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal over
        over = True
        raise TimeOver

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
        if over:  # and a bare ``except`` has caught it
            raise TimeOver
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
