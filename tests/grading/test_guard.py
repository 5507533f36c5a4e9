"""No thread of a submission's runs while it is observed, whatever it has put in the place of Python's own names."""

import builtins
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as pools
from queue import SimpleQueue
from types import SimpleNamespace

import pytest
from support.forks import in_a_fork

from gradstop.grading.inside.guard import Guard

STAYS = threading.Event()  # is never set


def waiting(*_):
    """Look like a thread of a pool that waits."""
    return SimpleNamespace(f_code=pools._worker.__code__, f_locals={"work_queue": SimpleQueue()})


def starts_a_thread():
    threading.Thread(target=STAYS.wait, daemon=True).start()


def starts_one_and_says_that_all_wait():
    starts_a_thread()
    sys._current_frames = lambda: dict.fromkeys(range(9), waiting())


def starts_one_and_counts_otherwise():
    starts_a_thread()
    builtins.sum = lambda *_: 9


def starts_one_and_says_that_anything_is_a_queue():
    starts_a_thread()
    builtins.type = lambda *_: SimpleQueue


def refused(*calls):
    """Call functions one after the other under a guard, in a fork; the last must be refused, and no other."""

    def body():
        guard = Guard()
        *before, last = [guard.around(call) for call in calls]
        for call in before:
            call()
        with pytest.raises(RuntimeError, match="left a thread running"):
            last()

    in_a_fork(body)


@pytest.mark.parametrize(
    "call",
    [
        starts_a_thread,
        starts_one_and_says_that_all_wait,
        starts_one_and_counts_otherwise,
        starts_one_and_says_that_anything_is_a_queue,
    ],
)
def test_a_thread_that_goes_on_is_refused(call):
    refused(call)


def test_a_pool_may_wait_and_not_begin_to_work_in_a_later_call():
    pool = ThreadPoolExecutor(1)
    refused(lambda: pool.submit(int).result() and None, lambda: pool.submit(int).result() and None, lambda: busy(pool))


def busy(pool):
    """Leave the pool's thread at work."""
    pool.submit(STAYS.wait)


def test_a_thread_that_ends_soon_is_waited_for():
    def body():
        Guard().around(lambda: threading.Timer(0.2, int).start())()

    in_a_fork(body)
