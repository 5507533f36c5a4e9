"""What a processor takes, counted in the time of the one on which the bounds were measured."""

import time
from collections.abc import Callable

COUNTED, USUAL = 1_000_000, 0.017  # what a loop counts up to, and in how many seconds where the bounds were measured


def usual_seconds(work: Callable[[], object]) -> float:
    """Return the processor's seconds that work takes; on a slower processor fewer, by what a loop takes just before."""
    slower = max(1.0, _seconds(_count_up) / USUAL)
    return _seconds(work) / slower


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _count_up() -> None:
    number = 0
    while number < COUNTED:
        number += 1
