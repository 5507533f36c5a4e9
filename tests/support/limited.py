"""A limit on the processor time of code that may never end."""

import signal
from contextlib import contextmanager


class TooLong(KeyboardInterrupt):
    """Passes every observer, which takes any other exception for the mutant's own."""


@contextmanager
def limited(seconds):
    """Interrupt a mutant that loops, after so many seconds of processor time: the machine may be busy."""

    def stop(*_):
        raise TooLong

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
