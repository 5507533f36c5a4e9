"""No thread of a submission's runs while it is observed, whatever it has put in the place of Python's own names."""

import bdb
import builtins
import contextlib
import cProfile
import gc
import json
import multiprocessing
import signal
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as _pools
from functools import partial
from multiprocessing import shared_memory
from queue import SimpleQueue
from types import FunctionType, SimpleNamespace

import pytest
import torch
from support.forks import in_a_fork, printed_by
from torch.nn.modules import module as modules
from torch.optim import optimizer

from gradstop.grading.inside.guard import before, classes, inner, left_on
from gradstop.grading.inside.guard import guard as guard_module
from gradstop.grading.inside.guard.audit import refuse_hooks_and_swapped_code
from gradstop.grading.inside.guard.frames import NAMES_CAN_BE_SET
from gradstop.grading.inside.guard.guard import Guard
from gradstop.grading.inside.guard.left_on import block_signals
from gradstop.internals import cpython
from gradstop.internals import torch as internals
from gradstop.internals.torch import global_hooks
from gradstop.observe import probes, read_cases
from gradstop.observe.encode import encode
from gradstop.record import Setup

CASES = """
from gradstop.observe import case
@case("stop", "nothing is observed")
def nothing(function, draw, see):
    yield
"""
STAYS = threading.Event()  # is never set


def waiting(*_):
    """Look like a thread of a pool that waits."""
    return SimpleNamespace(f_code=_pools._worker.__code__, f_locals={"work_queue": SimpleQueue()})


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


@pytest.mark.parametrize("is_silent", [True, False])
def test_a_waiting_pool_lets_no_signal_through_whose_handler_would_run_after_the_call(is_silent):
    def body():
        pool, ran = ThreadPoolExecutor(1), []
        if not is_silent:
            guard_module.silence = cpython.in_one_step((len, ()))

        def rings():
            pool.submit(signal.pthread_sigmask, signal.SIG_UNBLOCK, signal.valid_signals()).result()
            signal.signal(signal.SIGALRM, lambda *_: ran.append(True))
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)

        block_signals()
        Guard().around(rings)()
        ran.clear()
        time.sleep(0.1)
        assert (ran == []) is is_silent

    in_a_fork(body)


def locks():
    with multiprocessing.get_context("spawn").Lock():
        pass


def shares():
    block = shared_memory.SharedMemory(create=True, size=8)
    block.close()
    block.unlink()


def pools():
    with multiprocessing.get_context("forkserver").Pool(1) as pool:
        assert pool.map(abs, [-1]) == [1]


def terminates():
    process = subprocess.Popen(["sleep", "60"])
    process.terminate()
    assert process.wait(10) == -signal.SIGTERM


def terminates_and_leaves_a_handler():
    terminates()
    signal.signal(signal.SIGCHLD, lambda *_: None)


@pytest.mark.parametrize("call", [locks, shares, pools, terminates, terminates_and_leaves_a_handler])
def test_a_call_may_start_processes(call):
    """Those that multiprocessing leaves running are none of the function's, and signals reach the others."""

    def body():
        block_signals()
        function = Guard().around(call)
        function()
        function()

    in_a_fork(body)


@pytest.mark.parametrize("ended", [0, 1])
def test_a_process_that_goes_on_is_refused(ended):
    """Also beside others that have ended."""

    going_on = []

    def starts():
        going_on.append(subprocess.Popen(["sleep", "60"]))
        going_on.extend(subprocess.Popen(["true"]) for _ in range(ended))
        time.sleep(0.1)

    def body():
        with pytest.raises(RuntimeError, match="left a process running"):
            Guard().around(starts)()
        going_on[0].kill()

    in_a_fork(body)


def busy(pool):
    """Leave the pool's thread at work."""
    pool.submit(STAYS.wait)


def test_code_of_others_and_of_the_cases_is_refused_to_be_changed():
    def body():
        refuse_hooks_and_swapped_code()
        (case,) = read_cases(CASES)["stop"]
        for function in (case.body, Guard.restore, refuse_hooks_and_swapped_code):
            for name, other in {"__code__": (lambda: None).__code__, "__defaults__": (), "__kwdefaults__": {}}.items():
                with pytest.raises(RuntimeError, match="stay as they are"):
                    setattr(function, name, other)
        for function in (torch.Tensor.backward, json.JSONEncoder.iterencode, Setup.__new__, waiting):
            with pytest.raises(RuntimeError, match="stay as they are"):
                function.__code__ = (lambda *_: 3).__code__
        own = lambda: 2
        own.__code__, own.__defaults__ = (lambda *_: 3).__code__, ()
        assert own() == 3

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
        with pytest.raises(bdb.BdbQuit):  # as a debugger asks from 3.14 on
            sys.audit("sys.monitoring.register_callback", FunctionType((lambda: None).__code__, vars(bdb)))

    in_a_fork(body)


def test_a_profiler_is_taken_off():
    """From CPython 3.12 on it is no profile function, and one that is left on lets no other begin."""

    def body():
        refuse_hooks_and_swapped_code()
        calls = []
        timer = lambda: calls.append(1) or 1.0
        function = Guard().around(lambda: (cProfile.Profile(timer).enable(), waiting()))
        for _ in range(2):
            function()
            assert calls
            calls.clear()
            waiting()
            assert calls == []

    in_a_fork(body)


def test_what_observes_is_put_back_too_and_who_changes_it_in_a_call_disturbs():
    def body():
        guard, names, ended = Guard(), {"edit": print}, []
        guard.keep(names)
        guard._end = lambda: ended.append(True)
        real = probes.Observer.flags

        def changes():
            probes.Observer.flags = print
            probes.encode = print
            probes.__dict__["len"] = print
            names["edit"] = int

        guard.around(changes)()
        assert ended == [True]
        assert probes.Observer.flags is real
        assert probes.encode is encode
        assert "len" not in vars(probes)
        assert names == {"edit": print}

    in_a_fork(body)


def enclosing(held):
    def inner(*, by_name=held):
        return held, by_name

    return inner


# What holds a function, how another is put into it, and what is held.
HOLDING = {
    "property": (property(print), lambda one: one.__init__(int), lambda one: one.fget),
    "class method": (classmethod(print), lambda one: one.__init__(int), lambda one: one.__func__),
    "static method": (staticmethod(print), lambda one: one.__init__(int), lambda one: one.__func__),
    "partial": (partial(print), lambda one: one.__setstate__((int, (), {}, {})), lambda one: one.func),
    "default": (enclosing(print), lambda one: one.__kwdefaults__.update(by_name=int), lambda one: one()[1]),
    "cell": (
        enclosing(print),
        lambda one: setattr(one.__closure__[0], "cell_contents", int),
        lambda one: one()[0],
    ),
}


@pytest.mark.parametrize("name", HOLDING)
def test_what_a_method_or_a_function_holds_is_put_back(name):
    one, put_in, held = HOLDING[name]

    def body():
        guard = Guard()
        guard.keep({"one": one})
        guard.around(lambda: put_in(one))()
        assert held(one) is print
        put_in(one)
        assert held(one) is int

    in_a_fork(body)


def test_before_a_backward_all_is_put_back_that_was_replaced_since_the_call():
    def body():
        guard, backward = Guard(), torch.Tensor.backward
        torch.Tensor.backward = print
        assert guard.after(lambda: torch.Tensor.backward) is backward

    in_a_fork(body)


def test_attributes_of_a_tensor_in_something_else_than_a_dictionary_are_refused():
    class Hides(dict):
        def __iter__(self):
            return iter(())

    def body():
        def hides(x):
            x.__dict__ = Hides(copy_=print)

        with pytest.raises(TypeError, match="something else than a dictionary"):
            Guard().around(hides)(torch.ones(1))

    in_a_fork(body)


STATE = {
    "_pool_threads",
    "_kept",
    "profiled",
    "dropped",
    "_looks",
    "_theirs",
    "_ours",
    "_EVENTS",
}  # may change, or is read before
OPEN = f"""
import sys
import gradstop.grading.inside.main
from gradstop.grading.inside.guard.holders import OBSERVING
for name, module in [one for one in sys.modules.items() if one[0].startswith(OBSERVING)]:
    for key, value in vars(module).items():
        if type(value) in (list, dict, set) and not key.startswith("__") and key not in {STATE}:
            print(name, key)
"""


def test_what_observes_holds_nothing_by_a_name_that_could_be_written_to():
    """The dictionaries of modules are looked at, and not what is in what they hold."""
    assert printed_by(OPEN) == []


def test_what_runs_is_put_back_by_name_and_its_numbers_may_change():
    """Torch counts its hooks in a class."""
    handle = torch.utils.hooks.RemovableHandle

    def body():
        guard, x, removes = Guard(), torch.ones(1, requires_grad=True), handle.remove
        guard.keep_what_runs(lambda: x.register_hook(print).remove())

        def changes():
            for _ in range(3):
                x.register_hook(lambda gradient: None)
            torch.utils.hooks.weakref = handle.remove = print

        guard.around(changes)()
        assert torch.utils.hooks.weakref is weakref
        assert handle.remove is removes
        x.register_hook(lambda gradient: None)
        assert len(x._backward_hooks) == 4

    in_a_fork(body)


def test_a_module_that_a_call_loads_hides_nothing_and_one_that_it_replaces_is_put_back():
    noted = before.before(before.Names(sys.modules), ["json"])

    def body():
        sys.modules.update(json=bdb, zip=bdb)
        assert before.restore(noted) == ["names.json"]
        assert sys.modules["json"] is json
        assert sys.modules["zip"] is bdb

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


class SaysItIsAList:
    __class__ = property(lambda self: list if claims else SaysItIsAList)


class SaysSoToAll:
    def __getattribute__(self, name):
        return list if name == "__class__" and claims else object.__getattribute__(self, name)


class SaysSoByNoMethod:
    __getattribute__ = staticmethod(lambda _: list if claims else object)


claims = []


@pytest.mark.parametrize("kind", [SaysItIsAList, SaysSoToAll, SaysSoByNoMethod])
def test_a_result_that_may_say_later_that_it_is_a_list_is_refused(kind):
    def body():
        with pytest.raises(TypeError, match="may say that it is of another"):
            Guard().around(kind)()
        claims.append(True)
        assert isinstance(kind(), list)
        for plain in (print, Guard, SimpleNamespace(), 3, None, threading.Lock(), torch.nn.Linear(1, 1)):
            assert Guard().around(lambda plain=plain: plain)() is plain

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


def test_after_a_thread_that_went_on_the_next_is_waited_for_less_long(monkeypatch):
    def body():
        waits = []
        monkeypatch.setattr(left_on, "_sleep", waits.append)
        function, waited = Guard().around(starts_a_thread), []
        for _ in range(3):
            waits.clear()
            with pytest.raises(RuntimeError, match="left a thread running"):
                function()
            waited.append(len(waits))
        assert waited[0] > 5 * waited[1] == 5 * waited[2]

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


def require_ended(times, call):
    """Require that a guard would end the process so often for what a call does, which is given the guard and names."""

    def body():
        ended, guard, names = [], Guard(), {"one": 1}
        guard.keep(names)
        guard._end = lambda: ended.append(True)
        guard.around(lambda: call(guard, names))()
        assert len(ended) == times
        assert names["one"] == 1

    in_a_fork(body)


def test_code_that_runs_before_anything_is_put_back_is_not_replaced():
    for module, name in [(before, "_hidden"), (inner, "_KINDS"), (classes, "_set_kind"), (internals, "namespaces")]:
        require_ended(1, lambda *_, module=module, name=name: vars(module).update({name: print}))


def sets_a_name_of_who_asked():
    frame = sys._getframe()
    while frame.f_code.co_name != "asks":
        frame = frame.f_back
    frame.f_locals["see"] = print


def test_a_name_of_a_function_that_waits_for_the_call_stays():
    """From CPython 3.13 on it can be set; a closure of a case's own may count with one."""

    def asks(function):
        see = count = 0

        def counts():
            nonlocal count
            count += 1

        function(counts)
        return see, count

    def body():
        ended, guard = [], Guard()
        guard._end = lambda: ended.append(True)
        assert asks(guard.around(lambda counts: counts())) == (0, 1)
        assert ended == []
        see, _ = asks(guard.around(lambda _: sets_a_name_of_who_asked()))
        assert ended == [True] * NAMES_CAN_BE_SET
        assert (see is print) is NAMES_CAN_BE_SET

    in_a_fork(body)


def test_what_a_call_that_fails_was_given_goes_with_its_error():
    def body():
        given, fails = torch.ones(1), Guard().around(lambda x: x.nothing)
        known = weakref.ref(given)
        with contextlib.suppress(AttributeError):
            fails(given)
        del given
        assert known() is None

    in_a_fork(body)


def learn_a_lie(guard, names):
    names["one"] = 2
    guard._written.look()
    guard._written.note()


def test_what_a_case_runs_inside_of_a_call_is_no_disturbance():
    require_ended(0, lambda guard, names: guard.after(lambda: names.update(two=2)))
    require_ended(0, lambda guard, names: guard.around(lambda: names.update(two=2))())
    require_ended(1, lambda guard, names: setattr(guard, "_before", guard._before[:]) or setattr(guard, "_other", 1))


def test_what_is_known_of_dictionaries_is_set_back_whatever_a_call_makes_of_it():
    require_ended(0, learn_a_lie)
