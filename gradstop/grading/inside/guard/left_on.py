"""Takes off what a call of a submission's function has left on: modes, hooks, a trace, signals, threads, processes."""

import gc
import os
import signal
import sys
import time
from typing import Any, NamedTuple

from gradstop.grading.inside.guard.audit import profiled
from gradstop.internals.cpython import (
    WORK_IS_HANDED_OVER,
    end_multiprocessing_helpers,
    in_one_step,
    no_handlers,
    no_monitoring,
    pthread_sigmask,
    take_off_monitoring,
    thread_count,
    waiting_pool_threads,
)
from gradstop.internals.torch import (
    dispatch_mode_count,
    function_mode_count,
    global_hooks,
    is_anomaly_enabled,
    look_up_operators_as_usual,
    pop_dispatch_mode,
    pop_function_mode,
    pop_saved_tensors_hooks,
    set_anomaly_enabled,
    set_frame_evaluation,
    top_saved_tensors_hooks,
)

_LOOKS, _FEWER, _WAIT = 100, 10, 0.01  # at a thread that is about to end, and after one that was not; seconds between
_looks = [_LOOKS]
# Plain numbers: each member of an enumeration lies on a page of its own, which a fork would copy.
_BLOCK, _UNBLOCK, _SET = int(signal.SIG_BLOCK), int(signal.SIG_UNBLOCK), int(signal.SIG_SETMASK)
_ALL_SIGNALS = tuple(map(int, signal.valid_signals()))
_TIMERS = tuple(map(int, (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF)))
# What is called after each call of a submission's function, out of its reach.
_sleep, _waitpid, _no_hang = time.sleep, os.waitpid, os.WNOHANG
_gettrace, _settrace, _getprofile, _setprofile = sys.gettrace, sys.settrace, sys.getprofile, sys.setprofile

# Called with ``min`` it lets no code run from now on that nobody calls: of what is called for each frame, of a trace, a
# profile, a handler of signals, of what is collected. In one step: a trace function could set the names of a frame of
# ours, or put on again what is taken off. So it is called before there is a frame with names that matter.
silence = in_one_step(
    *no_handlers,
    (pthread_sigmask, _BLOCK, _ALL_SIGNALS),  # which runs what has waited
    (set_frame_evaluation, None),
    (sys.settrace, None),
    (sys.setprofile, None),
    *no_monitoring,
    (gc.disable,),
)
dropped: list[Any] = []  # what was taken off or replaced: code runs where it is deleted, in the next call


class LeftOn(NamedTuple):
    """What was on before a call, which the call finds, and cannot change: modes, hooks, a trace.

    Attributes:
        threads: how many there may be after it.

    """

    function_modes: int
    dispatch_modes: int
    hooks: Any
    anomaly: bool
    global_hooks: tuple[tuple[int, ...], ...]
    trace: Any
    profile: Any
    callbacks: int
    threads: int

    def take_off(self) -> bool:
        """Take off what the call has left on, after ``silence``; return whether a thread or a process ran meanwhile.

        Raises:
            RuntimeError: for a thread or a process that goes on.

        """
        self.take_off_modes()
        take_off_profilers()
        dropped.extend(gc.callbacks[self.callbacks :])
        del gc.callbacks[self.callbacks :]
        while (top := top_saved_tensors_hooks()) is not None and top != self.hooks:
            dropped.append(top)
            pop_saved_tensors_hooks()
        look_up_operators_as_usual()
        if is_anomaly_enabled() is not self.anomaly:  # it has Python format the stack at each operation
            set_anomaly_enabled(self.anomaly)
        if any(global_hooks):
            for held, before in zip(global_hooks, self.global_hooks, strict=True):
                dropped.extend([held.pop(number) for number in set(held).difference(before)])
        left = _process_runs()
        if left:
            end_multiprocessing_helpers()
        waited = _wait_for_threads(self.threads)
        if left and _process_runs():
            raise RuntimeError("the function has left a process running")
        return left or waited

    def take_off_modes(self) -> None:
        """Take off a trace and modes: they run code wherever something is called."""
        if _gettrace() is not self.trace:  # to set one is an audited event
            _settrace(self.trace)
        if _getprofile() is not self.profile:
            _setprofile(self.profile)
        while function_mode_count() > self.function_modes:
            dropped.append(pop_function_mode())
        while dispatch_mode_count() > self.dispatch_modes:
            dropped.append(pop_dispatch_mode())


def what_is_on(threads: int | None = None) -> LeftOn:
    """Return what is on; ``threads`` says how many there may be where it is not as many as run."""
    return LeftOn(
        function_mode_count(),
        dispatch_mode_count(),
        top_saved_tensors_hooks(),
        is_anomaly_enabled(),
        tuple(map(tuple, global_hooks)),
        _gettrace(),
        _getprofile(),
        len(gc.callbacks),
        _running_threads() if threads is None else threads,
    )


def _wait_for_threads(before: int) -> bool:
    """Return when no more threads run than before, and whether more did at first.

    Raises:
        RuntimeError: where one goes on; the next is waited for less long.

    """
    for look in range(_looks[0]):
        if _running_threads() <= before:
            return look > 0
        _sleep(_WAIT)
    _looks[0] = _FEWER
    raise RuntimeError("the function has left a thread running")


def _process_runs() -> bool:
    """Whether a process runs that this one has started; those that have ended are buried."""
    try:
        while _waitpid(-1, _no_hang)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _running_threads() -> int:
    """Count the threads but this one; those of a pool that wait for work run nothing."""
    count = thread_count()
    waiting = waiting_pool_threads() if count else 0
    if waiting and WORK_IS_HANDED_OVER:
        _sleep(_WAIT)  # until who has been handed some has begun
        count, waiting = thread_count(), waiting_pool_threads()
    return count - waiting


def take_off_profilers() -> None:
    """Take off what a profiler has registered: it would go on, and have its timer called, in code of ours."""
    if profiled:
        take_off_monitoring()
        profiled.clear()


def block_signals() -> None:
    """Let no handler of the submission's run from now on: an alarm, or what another of its threads sends."""
    pthread_sigmask(_BLOCK, _ALL_SIGNALS)


def let_signals_through() -> None:
    """Let all signals through but those of timers: a program that a call starts inherits what is blocked."""
    pthread_sigmask(_SET, _TIMERS)


def free_signals() -> None:
    """Let the submission's handlers run; one that has waited runs now, and what it raises is raised here."""
    pthread_sigmask(_UNBLOCK, _ALL_SIGNALS)
