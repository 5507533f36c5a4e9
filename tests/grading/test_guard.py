"""No thread of a submission's runs while it is observed, whatever it has put in the place of Python's own names."""

import builtins
import gc
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as pools
from queue import SimpleQueue
from types import SimpleNamespace

import pytest
from support.forks import in_a_fork
from torch.nn.modules import module as modules
from torch.optim import optimizer

from gradstop.grading.inside.audit import refuse_hooks_and_swapped_code
from gradstop.grading.inside.guard import Guard
from gradstop.internals.torch import global_hooks
from gradstop.observe import probes, read_cases
from gradstop.observe.encode import encode

CASES = """
from gradstop.observe import case
@case("stop", "nothing is observed")
def nothing(function, draw, see):
    yield
"""
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


def test_code_of_ours_and_of_the_cases_is_refused_to_be_changed():
    def body():
        refuse_hooks_and_swapped_code()
        (case,) = read_cases(CASES)["stop"]
        for function in (case.body, Guard.restore, refuse_hooks_and_swapped_code):
            for name, other in {"__code__": (lambda: None).__code__, "__defaults__": (), "__kwdefaults__": {}}.items():
                with pytest.raises(RuntimeError, match="stay as they are"):
                    setattr(function, name, other)
        waiting.__code__ = (lambda *_: 3).__code__
        assert waiting() == 3

    in_a_fork(body)


def test_no_hook_at_audit_events_is_added():
    def body():
        refuse_hooks_and_swapped_code()
        events = []
        sys.addaudithook(lambda event, arguments: events.append(event))
        sys.audit("told to nobody")
        assert events == []
        with pytest.raises(RuntimeError, match="no hooks of its own"):  # as CPython 3.12 asks
            sys.audit("sys.monitoring.register_callback", print)

    in_a_fork(body)


def test_what_observes_is_put_back_too():
    def body():
        guard, names = Guard(), {"edit": print}
        guard.keep(names)
        real = probes.Observer.flags

        def changes():
            probes.Observer.flags = print
            probes.encode = print
            probes.__dict__["len"] = print
            names["edit"] = int

        guard.around(changes)()
        assert probes.Observer.flags is real
        assert probes.encode is encode
        assert "len" not in vars(probes)
        assert names == {"edit": print}

    in_a_fork(body)


def test_what_is_replaced_when_another_thing_is_put_back_is_put_back_too():
    class Dropped:
        def __del__(self):
            probes.encode = print

    def body():
        guard = Guard()

        def changes():
            pytest.importorskip("numpy").sum = Dropped()

        guard.around(changes)()
        assert probes.encode is encode

    in_a_fork(body)


def test_no_garbage_is_collected_between_two_calls():
    class Garbage:
        def __init__(self):
            self.itself = self

        def __del__(self):
            collected.append(self)

    def body():
        guard = Guard()

        def leaves():
            assert gc.isenabled()
            Garbage()

        guard.around(leaves)()
        _ = [[] for _ in range(100_000)]
        assert collected == []

    collected = []
    in_a_fork(body)


def test_a_thread_that_ends_soon_is_waited_for():
    def body():
        Guard().around(lambda: threading.Timer(0.2, int).start())()

    in_a_fork(body)


REGISTER = [modules.register_module_forward_hook, optimizer.register_optimizer_step_post_hook]


@pytest.mark.parametrize("register", REGISTER, ids=["module", "optimizer"])
def test_a_hook_of_all_modules_or_optimizers_is_taken_off_after_a_call_and_one_from_before_stays(register):
    def body():
        before = register(lambda *_: None)
        Guard().around(lambda: register(lambda *_: None) and None)()
        (held,) = [held for held in global_hooks if before.id in held]
        assert list(held) == [before.id]

    in_a_fork(body)
