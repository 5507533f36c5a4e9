"""A submission's process, from the fork on: its sandbox, its cells, and a fork for each exercise that is observed."""

import base64
import gc
import importlib
import json
import marshal
import os
import random
import signal
import socket
import sys
import traceback
from contextlib import suppress
from typing import Any, NoReturn

import numpy
import torch
from tqdm import tqdm

from gradstop.forkserver.request import Request
from gradstop.grading.inside.channel import UNUSABLE, Channel, ProtocolError
from gradstop.grading.inside.guard.audit import refuse_hooks_and_swapped_code
from gradstop.grading.inside.guard.guard import Guard, keep_kernels
from gradstop.grading.inside.guard.left_on import block_signals, silence
from gradstop.grading.inside.guard.own import Mark, State
from gradstop.grading.inside.observed import observe_alone
from gradstop.grading.inside.shell import INLINE, Cells
from gradstop.grading.inside.warmup import warm_up
from gradstop.internals.cpython import end_multiprocessing_helpers, start_processes_by_fork
from gradstop.internals.torch import set_frame_evaluation, stop_before_generating_code
from gradstop.observe import Case, names_of, run_cases
from gradstop.sandbox import Limits, has_free_space, run_inside

_OURS = __name__.partition(".")[0]


def _copy_for_learners() -> dict[str, Any]:
    """Load the package a second time: what a notebook imports and may change is not what observes it."""
    ours = _loaded()
    for name in ours:
        del sys.modules[name]
    importlib.import_module("gradstop.checking.check")  # what most notebooks use
    theirs = _loaded()
    for name in theirs:
        del sys.modules[name]
    sys.modules.update(ours)
    return theirs


def _loaded() -> dict[str, Any]:
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] == _OURS}


_theirs = _copy_for_learners()
_ours = list(_loaded())
tqdm.monitor_interval = 0  # no progress bar starts a thread; torch shows some while it compiles
stop_before_generating_code()
start_processes_by_fork()
_guard = Guard()
warm_up(_guard)
keep_kernels()
refuse_hooks_and_swapped_code()
_guard.restore()  # what these have written to is known then: each submission would look through it, and copy its pages

_NO_MEMORY = 128 + signal.SIGKILL  # as a process ends that the system kills for want of memory


def run(request: Request, descriptors: list[int], status_fd: int) -> NoReturn:
    """Serve the judge in a process that the warm one has forked for a submission.

    ``descriptors`` are two sockets: the control, spoken in lines of JSON, and one on which the judge passes a socket
    for each exercise. ``request.arguments`` holds the sandbox's limits and paths, or null for none, and the processors
    to run on, or null for any.
    """
    control, fd_socket = descriptors
    judge = Channel(socket.socket(fileno=control))
    orders = json.loads(request.arguments[0])
    if orders["processors"] is not None:
        with suppress(OSError):  # where they have been taken from this machine since
            os.sched_setaffinity(0, orders["processors"])
    _silence(0, 1)  # the third leads to the log of the warm process, until the first cell is run
    os.environ.clear()
    os.environ.update(request.environment, MPLBACKEND=INLINE, GRADSTOP_GRADING="1")

    def body() -> NoReturn:
        try:
            with suppress(ProtocolError, OSError):
                _serve(judge, fd_socket, sandboxed=orders["sandbox"])
            os._exit(0)
        except BaseException:  # a fault of ours
            traceback.print_exc()
            os._exit(1)

    if orders["sandbox"]:
        walls = orders["sandbox"]
        limits = Limits(**walls["limits"])
        run_inside(
            body,
            started=lambda pid: _tell(status_fd, pid),
            refused=lambda why: judge.send({"refused": why}),
            limits=limits,
            paths=walls["paths"],
            keep=(control, fd_socket),
        )
    os.chdir(request.cwd)
    _tell(status_fd, os.getpid())
    body()


def _silence(*numbers: int) -> None:
    empty = os.open(os.devnull, os.O_RDWR)
    for number in numbers:
        os.dup2(empty, number)
    os.close(empty)


def _tell(status_fd: int, pid: int) -> None:
    """Tell the driver which process serves it."""
    os.write(status_fd, b"%d ready " % pid)
    os.close(status_fd)


def _serve(judge: Channel, fd_socket: int, *, sandboxed: bool) -> None:
    """Do what the judge says until it hangs up: look, run a cell, or have an exercise observed."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(name, signal.SIG_DFL)
    block_signals()  # but for the time of a cell
    hello = judge.receive()
    found = run_cases(marshal.loads(base64.b64decode(hello["cases"])))  # noqa: S302 - the judge's own
    cases = {exercise: tuple(several) for exercise, several in found.items()}
    names = names_of(cases.values())
    _guard.keep(cases, *names)
    _guard.keep_what_is_used(*names)
    for module in _ours:
        del sys.modules[module]
    sys.modules.update(_theirs)
    random.seed()
    numpy.random.seed()
    torch.default_generator.seed()  # no accelerator's, whose own is noted with the stack, in 2 ms
    cells, changed = Cells(), list[str]()
    judge.send({"sees": [path for path in hello["look"] if os.path.lexists(path)]})
    _silence(2)
    wanted: list[Any] = []
    # What is marked is on the stack while the submission's code runs, as for ``finish``.
    _observe(
        _guard,
        cases,
        _guard.marked_before_cells(),
        wanted,
        silence((min, _until_observed(wanted, judge, fd_socket, cells, changed, sandboxed=sandboxed))[0]),
    )


def _observe(
    guard: Guard, cases: dict[str, tuple[Case, ...]], before_cells: tuple[Mark, State], wanted: list[Any], _: object
) -> NoReturn:
    """Observe what is wanted: an exercise through a socket, in the fork that is for it."""
    try:
        number, exercise, answer = wanted
        observe_alone(Channel(socket.socket(fileno=number)), guard, cases[exercise], answer, before_cells)
    finally:
        os._exit(0)


def _until_observed(
    wanted: list[Any], judge: Channel, fd_socket: int, cells: Cells, changed: list[str], *, sandboxed: bool
) -> Any:
    """Do what the judge says; return None in each fork that is to observe an exercise, with what it is to observe."""
    while True:
        order = judge.receive()
        if "file" in order:
            with suppress(OSError):  # two of one name, by other signs; a name that is too long by these
                os.makedirs(os.path.dirname(order["file"]) or ".", exist_ok=True)
                with open(order["file"], "ab") as file:
                    file.write(base64.b64decode(order["data"]))
            continue
        if "run" in order:
            outputs = cells.run(order["run"], order["room"])
            set_frame_evaluation(None)
            if not has_free_space():
                os._exit(_NO_MEMORY)  # the next cell would be blamed
            judge.send({"outputs": outputs} if cells.can_go_on() else UNUSABLE)
            continue
        exercise = order["observe"]
        changed += _guard.restore()
        _, (number, *_), _, _ = socket.recv_fds(socket.socket(fileno=os.dup(fd_socket)), 1, 1)
        end_multiprocessing_helpers()  # or the fork would wait for them, and they are no children of its
        _kill_leftovers(sandboxed)
        gc.freeze()  # a collection in the fork would touch, and so copy, every page
        pid = os.fork()
        if pid == 0:
            judge.close()
            os.close(fd_socket)
            wanted += number, exercise, cells.namespace.get(exercise)
            return
        os.close(number)
        judge.receive()  # it has seen enough
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _kill_leftovers(sandboxed)
        _bury()
        judge.send({"ended": exercise, "changed": changed[:20]})


def _kill_leftovers(sandboxed: bool) -> None:
    """End all that the submission has started. The first process of a sandbox sees these alone, and no others."""
    if sandboxed and os.getpid() == 1:
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        _bury()  # until then they count, and too many of them let no process be forked


def _bury() -> None:
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
