"""A limit on the processor time of code that may never end."""

import gc
import signal
from contextlib import contextmanager


class TooLong(KeyboardInterrupt):
    """Passes every observer, which takes any other exception for the mutant's own."""


@contextmanager
def limited(seconds):
    """Interrupt a mutant that loops, after so many seconds of processor time: the machine may be busy.

    Garbage is collected afterwards: what is raised meanwhile would be lost, and the time is not the mutant's.
    """

    def stop(*_):
        raise TooLong

    was_enabled = gc.isenabled()
    gc.disable()
    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        if was_enabled:
            gc.enable()
