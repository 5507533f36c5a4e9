"""What is used of CPython's insides. Tried with 3.11.7, 3.12.1, 3.13.0 and 3.14.8.

``tests/contracts/test_cpython.py`` holds each assumption.

All but the version tag is a part of the standard library that has no public name.
"""

import _random
import _signal  # type: ignore[import-not-found]  # the part of signal that makes no enumerations: a hundred times as fast
import _thread
import atexit
import copyreg
import ctypes
import gc
import logging
import os
import signal
import sys
import threading
import weakref
from _lsprof import Profiler as Profiler  # what cProfile.Profile derives from
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as _pools
from contextlib import suppress
from functools import partial
from itertools import compress, repeat
from multiprocessing import context, forkserver, get_context, resource_tracker
from operator import call, methodcaller
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a warm process needs none of it
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

_HEADER = object.__basicsize__
_Stream = ctypes.c_char * (_random.Random.__basicsize__ - _HEADER)
_VERSION_TAG = 24  # bytes from the start of a dictionary, after the header of the object and the number of its items

# A SimpleQueue gives an item to the thread that waits for one, and is empty while that thread still waits.
WORK_IS_HANDED_OVER = sys.version_info >= (3, 13)
thread_count = _thread._count  # of all threads that run Python, those that threading has not started too
pthread_sigmask = _signal.pthread_sigmask
join_threads = threading._shutdown  # type: ignore[attr-defined]
_pool_worker = _pools._worker.__code__
# What is called while a submission may have put its own in the place of any name of builtins or sys.
_current_frames, _type = sys._current_frames, type
run_exit_functions = atexit._run_exitfuncs
note_slot_names: Callable[[type], object] = copyreg._slotnames  # type: ignore[attr-defined]  # as a first copy does
_kill, _waitpid, _close, _KILL = os.kill, os.waitpid, os.close, int(signal.SIGKILL)
# The processes that multiprocessing starts for its locks and for its fork server, which stay until this one ends: what
# knows them, and the names of their number and of the descriptor that they live by.
_HELPERS: tuple[tuple[dict[str, Any], str, str], ...] = (
    (vars(resource_tracker._resource_tracker), "_pid", "_fd"),
    (vars(forkserver._forkserver), "_forkserver_pid", "_forkserver_alive_fd"),
)
_monitoring: Any = getattr(sys, "monitoring", None)  # CPython 3.12 and later (PEP 669); cProfile uses it there
_TOOLS = range(6)
_EVENTS = [number for number in vars(_monitoring.events).values() if number.bit_count() == 1] if _monitoring else []


def version_tag(items: Any) -> ctypes.c_uint64 | None:
    """Return what changes whenever this dictionary, or the one of this read-only view, is written to (PEP 509).

    None where Python has none: CPython 3.13 and later, and other implementations.
    """
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 13):
        return None
    return ctypes.c_uint64.from_address(id(plain_dictionary(items)) + _VERSION_TAG)


def plain_dictionary(items: Any) -> dict[str, Any]:
    """Return a dictionary, or the one of this read-only view of it."""
    (plain,) = [items] if type(items) is dict else [d for d in gc.get_referents(items) if isinstance(d, dict)]
    return plain


def unseen(thing: Any) -> int:
    """Keep an object for good where neither a reference nor the garbage collector leads to it; return its place."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
    ctypes.pythonapi.PyObject_GC_UnTrack(ctypes.py_object(thing))
    return id(thing)


def seen(place: int) -> Any:
    """Return the object that ``unseen`` has put there."""
    return ctypes.cast(place, ctypes.py_object).value


def start_processes_by_fork() -> None:
    """Have multiprocessing fork where it is not told otherwise, as before CPython 3.14: loading torch again is slow."""
    context._default_context._default_context = get_context("fork")  # type: ignore[attr-defined]


def end_multiprocessing_helpers() -> None:
    """End the resource tracker and the fork server of multiprocessing that this process has started.

    The next use starts them again.
    """
    for state, number, descriptor in _HELPERS:
        pid, end = state[number], state[descriptor]
        state[number] = state[descriptor] = None
        if _type(pid) is int and pid > 1:
            with suppress(ChildProcessError, ProcessLookupError):
                _kill(pid, _KILL)
                _waitpid(pid, 0)
        if _type(end) is int:
            with suppress(OSError):
                _close(end)


def take_off_monitoring() -> None:
    """Take off each callback of ``sys.monitoring``, and free the tools that registered them. It must be there."""
    for tool in _TOOLS:
        for event in _EVENTS:
            _monitoring.register_callback(tool, event, None)
        if _monitoring.get_tool(tool) is not None:
            _monitoring.set_events(tool, 0)
            _monitoring.free_tool_id(tool)


def memory_of_stream(stream: _random.Random) -> memoryview:
    """Return the memory of a stream of random numbers, as long as that lives. Its bytes are the state.

    To copy them takes a hundredth of the time of ``getstate``.
    """
    return memoryview(_Stream.from_address(id(stream) + _HEADER))


def in_one_step(*calls: tuple[Any, ...]) -> Callable[[Any], object]:
    """Return what, called with the builtin ``min``, makes these calls, each of a function in C and its arguments.

    Nothing of Python's runs between them, no trace nor profile function either, and nothing of it can be changed. Each
    is the key of a ``sorted``, which returns a list of one thing that is the same for all; and these are the key of the
    ``min``, which finds them equal.
    """
    steps = [methodcaller("__call__", (call,), key=methodcaller("__call__", *one)) for one in calls]
    return methodcaller("__call__", tuple(steps), key=methodcaller("__call__", sorted))


def _handled(signals: tuple[int, ...]) -> Any:
    """Return an iterator of C's without an end: each item goes through those signals that have a handler by then."""
    handlers = map(partial(map, _signal.getsignal), repeat(signals))
    return map(compress, repeat(signals), map(partial(map, callable), handlers))


_SIGNALS = tuple(sorted({*map(int, _signal.valid_signals())} - {int(signal.SIGKILL), int(signal.SIGSTOP)}))
_OF_CHILDREN = (int(signal.SIGCHLD),)
_ignore, _end = partial(map, _signal.signal), partial(map, os._exit)
# A timer's signal is handed to any thread that does not block it, of a pool or of a library in C, and Python runs its
# handler in the main thread, whatever that blocks. So there is to be none: signals that have one are ignored from now
# on, and where one that ran meanwhile has put another in its place the process ends. Handlers are kept in a list: code
# may run where one is deleted. That a child has ended is ignored by default, and who waits for it still gets its code.
no_handlers: tuple[tuple[Any, ...], ...] = (
    (next, map([].extend, map(_ignore, _handled(_OF_CHILDREN), repeat(repeat(_signal.SIG_DFL))))),
    (next, map([].extend, map(_ignore, _handled(_SIGNALS), repeat(repeat(_signal.SIG_IGN))))),
    (next, map([].extend, map(_end, _handled(_SIGNALS)))),
)


# What ends ``sys.monitoring``'s events, for each tool: before CPython 3.14 they go on when their tool is freed.
no_monitoring: tuple[tuple[Any, ...], ...] = (
    tuple((_monitoring.free_tool_id, tool) for tool in _TOOLS) if sys.version_info >= (3, 14) else ()
)


def finalizers() -> list[Any]:
    """Return each ``weakref.finalize`` that waits for its object, or for the interpreter's exit."""
    return list(weakref.finalize._registry)  # type: ignore[attr-defined]


def keep_locks_of_handlers() -> None:
    """Have forks leave the locks of the handlers of logging that there are as they are, and make none anew."""
    logging._at_fork_reinit_lock_weakset.clear()  # type: ignore[attr-defined]


def workers_of(pool: "ProcessPoolExecutor") -> "list[BaseProcess]":
    """Return the processes of a pool; there is none after its shutdown."""
    return list((pool._processes or {}).values())


def end_workers(pool: "ProcessPoolExecutor") -> None:
    """End a pool's processes at once, and the pool with them.

    A process that is killed while it writes a result leaves half of one. Who reads it waits for the rest as long as
    anybody could write it: here that is this process alone, which then would not end either.
    """
    workers, results = workers_of(pool), pool._result_queue
    pool.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.kill()
    if results is not None:
        results._writer.close()  # type: ignore[attr-defined]


def waiting_pool_threads() -> int:
    """Count the threads of ``ThreadPoolExecutor`` that wait for work, of which there is none: they run nothing.

    No name is looked up in builtins or in sys.
    """
    count = 0
    for frame in _current_frames().values():
        if _waits(frame):
            count += 1
    del frame  # one was that of this function, which would keep itself, and what its callers hold
    return count


def _waits(frame: FrameType) -> bool:
    if frame.f_code is not _pool_worker:
        return False
    queue: Any = frame.f_locals.get("work_queue")
    return _type(queue) is SimpleQueue and queue.empty()


_pool_threads: list[threading.Thread] = []  # of all pools, at the last fork: CPython 3.14 forgets them in the child


def _note_pool_threads() -> None:
    _pool_threads[:] = _pools._threads_queues


os.register_at_fork(before=_note_pool_threads)


def begin_pools_anew() -> None:
    """Let each ``ThreadPoolExecutor`` start its threads again: after a fork it counts on threads that are not here."""
    for thread in _pool_threads:
        reference = next(iter(getattr(thread, "_args", None) or ()), None)
        pool = reference() if type(reference) is weakref.ReferenceType else None
        if type(pool) is ThreadPoolExecutor:
            pool._threads = set()
            pool._idle_semaphore = threading.Semaphore(0)
            pool._work_queue = SimpleQueue()
