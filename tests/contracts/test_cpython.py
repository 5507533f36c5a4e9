"""What `gradstop.internals.cpython` relies on, each assumption by its name."""

import _thread
import atexit
import copy
import cProfile
import ctypes
import gc
import logging
import math
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from types import ModuleType, SimpleNamespace

import pytest
from support.forks import in_a_fork, printed_by

from gradstop.internals import cpython

has_tags = pytest.mark.skipif(cpython.version_tag({}) is None, reason="this Python's dictionaries have no version")


def test_copyreg_notes_the_slots_of_a_class_in_it_as_a_first_copy_does():
    noted, copied = (type("Class", (), {"__slots__": ("one",)}) for _ in range(2))
    cpython.note_slot_names(noted)
    copy.copy(copied())
    assert vars(noted)["__slotnames__"] == vars(copied)["__slotnames__"] == ["one"]


@has_tags
@pytest.mark.parametrize("holder", [ModuleType("module"), type("Class", (), {})], ids=["a module", "a class"])
def test_cpython_gives_a_dictionary_a_new_version_tag_with_each_write(holder):
    holder.first = 1
    tag = cpython.version_tag(vars(holder))
    seen = {tag.value}
    for number, write in enumerate(
        (
            lambda: setattr(holder, "first", 2),
            lambda: setattr(holder, "first", 1),
            lambda: setattr(holder, "second", 1),
            lambda: delattr(holder, "second"),
        ),
        2,
    ):
        write()
        seen.add(tag.value)
        assert len(seen) == number


@has_tags
def test_cpython_leaves_the_version_tag_of_a_dictionary_that_is_only_read():
    tag = cpython.version_tag(vars(math))
    known = tag.value
    assert math.sqrt(4) == dict(vars(math))["sqrt"](4) == 2
    assert tag.value == known


@pytest.mark.parametrize(
    ("name", "value"),
    [("version_info", (3, 13, 0)), ("version_info", (3, 14, 0)), ("implementation", SimpleNamespace(name="pypy"))],
    ids=["3.13", "3.14", "pypy"],
)
def test_a_python_without_version_tags_is_known_as_such(monkeypatch, name, value):
    with monkeypatch.context() as patch:
        patch.setattr(sys, name, value)
        tag = cpython.version_tag({})
    assert tag is None


def test_thread_count_counts_threads_that_threading_does_not_know():
    go, before, known = _thread.allocate_lock(), cpython.thread_count(), threading.active_count()
    go.acquire()
    _thread.start_new_thread(go.acquire, ())
    try:
        deadline = time.monotonic() + 10
        while cpython.thread_count() != before + 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert cpython.thread_count() == before + 1
        assert threading.active_count() == known
    finally:
        go.release()


def test_the_part_of_signal_in_c_blocks_and_frees_signals_by_the_numbers_of_the_public_part():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    try:
        cpython.pthread_sigmask(int(signal.SIG_BLOCK), signal.valid_signals())
        assert signal.SIGALRM in signal.pthread_sigmask(signal.SIG_BLOCK, [])
        cpython.pthread_sigmask(int(signal.SIG_UNBLOCK), signal.valid_signals())
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Thing:
    pass


def test_the_registry_holds_each_finalizer_that_waits_and_one_without_atexit_is_not_called_at_the_exit():
    def body():
        thing, called = Thing(), []
        kept, left = (weakref.finalize(thing, called.append, name) for name in ("kept", "left"))
        assert {kept, left} <= set(cpython.finalizers())
        left.atexit = False
        assert left.peek()[0] is thing
        cpython.run_exit_functions()
        assert called == ["kept"]

    in_a_fork(body)


class Handler(logging.Handler):
    is_renewed = False

    def _at_fork_reinit(self):
        self.is_renewed = True


def test_a_fork_renews_the_locks_of_those_handlers_alone_that_are_in_a_weak_set_of_logging():
    def renewed(handler):
        def body():
            assert handler.is_renewed

        return body

    def not_renewed(handler):
        def body():
            assert not handler.is_renewed

        return body

    def body():
        cpython.keep_locks_of_handlers()
        earlier.is_renewed = False
        in_a_fork(not_renewed(earlier))
        in_a_fork(renewed(Handler()))

    earlier = Handler()
    in_a_fork(renewed(earlier))
    in_a_fork(body)


def test_threading_shutdown_waits_for_the_threads():
    def body():
        ended = []
        threading.Thread(target=lambda: (time.sleep(0.1), ended.append(True))).start()
        cpython.join_threads()
        assert ended

    in_a_fork(body)


def test_run_exitfuncs_calls_what_is_registered_with_atexit_once_the_last_one_first():
    def body():
        called = []
        atexit.register(called.append, 1)
        atexit.register(called.append, 2)
        cpython.run_exit_functions()
        cpython.run_exit_functions()
        assert called == [2, 1]

    in_a_fork(body)


def test_a_process_pool_has_its_workers_until_it_is_shut_down_and_each_can_be_killed():
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("fork"))
    assert cpython.workers_of(pool) == []
    number = pool.submit(os.getpid).result()
    (worker,) = cpython.workers_of(pool)
    assert worker.pid == number
    pool.shutdown()
    assert cpython.workers_of(pool) == []
    worker.kill()


def test_a_pool_thread_that_waits_stands_in_the_worker_function_and_one_that_works_does_not():
    before, go_on = cpython.waiting_pool_threads(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(go_on.wait)
        time.sleep(0.05)
        assert cpython.waiting_pool_threads() == before
        go_on.set()
        working.result()
        time.sleep(0.05)
        assert cpython.waiting_pool_threads() == before + 1


def test_who_counts_the_threads_that_wait_is_not_kept_alive():
    def counts():
        held = threading.Event()
        cpython.waiting_pool_threads()
        return weakref.ref(held)

    gc.disable()
    try:
        assert counts()() is None
    finally:
        gc.enable()


def test_a_pool_of_threads_works_again_in_a_fork_once_it_has_begun_anew():
    with ThreadPoolExecutor(2) as pool:
        pool.submit(int).result()

        def use():
            cpython.begin_pools_anew()
            assert pool.submit(lambda: 7).result(timeout=5) == 7

        in_a_fork(use)


HALF_A_RESULT = """
import os, signal, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import connection, get_context
from gradstop.internals.cpython import end_workers

def write_half():
    def send(self, data, write=None):
        os.write(self._handle, data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    connection.Connection._send = send
    return "a result"

pool = ProcessPoolExecutor(1, get_context("fork"))
pool.submit(write_half)
time.sleep(0.5)
end_workers(pool)
print("ended")
"""


@pytest.mark.slow
def test_a_process_that_has_ended_a_pool_in_the_middle_of_a_result_ends_too():
    assert printed_by(HALF_A_RESULT, timeout=30) == ["ended"]


def test_what_cprofile_s_profiler_derives_from():
    assert issubclass(cProfile.Profile, cpython.Profiler)


def test_the_helpers_of_multiprocessing_are_known_by_their_numbers_and_end():
    def body():
        with multiprocessing.get_context("forkserver").Pool(1) as pool:
            pool.map(abs, [1])
        pids = [state[number] for state, number, _ in cpython._HELPERS]
        cpython.end_multiprocessing_helpers()
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)

    in_a_fork(body)


def test_multiprocessing_forks_and_may_be_told_otherwise():
    def body():
        cpython.start_processes_by_fork()
        assert multiprocessing.get_start_method() == "fork"
        multiprocessing.set_start_method("spawn", force=True)
        assert multiprocessing.get_start_method() == "spawn"

    in_a_fork(body)


def test_what_is_unseen_is_found_by_its_place_alone():
    def body():
        thing = [["x"]]
        place = cpython.unseen(thing)
        inside = thing[0]
        del thing
        gc.collect()
        assert cpython.seen(place) == [["x"]]
        assert not any(one is cpython.seen(place) for one in gc.get_objects())
        assert cpython.seen(place) not in gc.get_referrers(inside)

    in_a_fork(body)


def test_cpython_gives_a_class_of_ctypes_a_dictionary_of_another_kind_before_3_13():
    assert "value" in cpython.plain_dictionary(vars(ctypes.c_uint64.__base__))
    assert dict.get(cpython.plain_dictionary(vars(ctypes.c_uint64)), "_type_") == ctypes.c_uint64._type_


def test_the_memory_of_a_stream_of_random_numbers_changes_when_one_is_drawn_or_its_state_is_set_and_not_else():
    stream = random.Random(1)
    states = [cpython.memory_of_stream(stream).tobytes()]
    for change in (stream.random, lambda: stream.setstate(random.Random(2).getstate()), lambda: stream.randrange(9)):
        change()
        states.append(cpython.memory_of_stream(stream).tobytes())
        stream.getstate(), repr(stream)
        assert states[-1] == cpython.memory_of_stream(stream).tobytes()
    stream.setstate(random.Random(1).getstate())
    assert cpython.memory_of_stream(stream).tobytes() == states[0]
    assert len(set(states)) == len(states)


def ends_by(off):
    """Return whether nothing is on when what is called has turned a trace and a profile off that put each other on."""

    def look(frame, *_):
        sys.settrace(look)
        sys.setprofile(look)
        frame.f_trace, frame.f_trace_opcodes = look, True
        return look

    before = sys.gettrace(), sys.getprofile()
    try:
        sys.setprofile(look)
        off(min)
        return sys.gettrace() is sys.getprofile() is None
    finally:
        in_one_step = cpython.in_one_step((sys.settrace, before[0]), (sys.setprofile, before[1]))
        in_one_step(min)


def test_nothing_runs_between_calls_that_are_made_in_one_step():
    def one_after_the_other(_):
        sys.settrace(None)
        sys.setprofile(None)
        sys.settrace(None)

    assert not ends_by(one_after_the_other)
    assert ends_by(cpython.in_one_step((sys.settrace, None), (sys.setprofile, None)))


def test_a_handler_of_python_s_runs_in_the_main_thread_though_that_blocks_its_signal():
    def heard(*first):
        ran, number = [], signal.SIGALRM
        with ThreadPoolExecutor(1) as pool:
            pool.submit(signal.pthread_sigmask, signal.SIG_UNBLOCK, [number]).result()
            signal.pthread_sigmask(signal.SIG_BLOCK, [number])
            signal.signal(number, lambda *_: ran.append(threading.current_thread()))
            cpython.in_one_step(*first, (signal.setitimer, signal.ITIMER_REAL, 0.001))(min)
            time.sleep(0.1)
        return ran

    def body():
        assert heard((len, ())) == [threading.main_thread()]
        assert heard(*cpython.no_handlers) == []

    in_a_fork(body)


def test_who_puts_a_handler_in_the_place_of_one_that_is_ignored_ends_the_process():
    code = """
import signal
from gradstop.internals import cpython
*ignoring, ending = cpython.no_handlers
cpython.in_one_step(*ignoring, ending)(min)
print("none", flush=True)
cpython.in_one_step(*ignoring, (signal.signal, signal.SIGALRM, print), ending)(min)
print("goes on")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("none\n", signal.SIGALRM)


def test_calls_in_one_step_are_made_in_order_with_all_their_arguments():
    made = []
    cpython.in_one_step((made.append, 1), (made.extend, (2, 3)), (made.insert, 0, 0), (made.pop,), (made.append, None))(
        min
    )
    assert made == [0, 1, 2, None]


@pytest.mark.skipif((3, 12) <= sys.version_info < (3, 14), reason="events of this Python go on without their tool")
def test_a_profiler_of_cpython_s_own_hears_nothing_more_when_its_tool_is_freed():
    def body():
        calls = []
        profiler = cProfile.Profile(lambda: calls.append(1) or 1.0)
        profiler.enable()
        len("")
        cpython.in_one_step((sys.setprofile, None), *cpython.no_monitoring)(min)
        heard = len(calls)
        copy.copy([])
        assert 0 < heard == len(calls)

    in_a_fork(body)
