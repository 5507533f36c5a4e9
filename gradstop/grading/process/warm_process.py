"""The warm process that submissions are forked from. It holds nothing secret: no solution, no seed, no submission."""

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import TypeVar

import psutil

from gradstop.course import CourseError
from gradstop.forkserver.forked import ForkedProcess
from gradstop.forkserver.launch import ForkServer
from gradstop.forkserver.request import NotWarmError, Request
from gradstop.grading.process.submission_process import SandboxError, SubmissionProcess, WarmProcessLostError, pair
from gradstop.grading.rules import Rules
from gradstop.logs import warm_process_log
from gradstop.sandbox import interpreter_paths, missing

_log = logging.getLogger(__name__)
TARGET = "gradstop.grading.inside.main:run"
MAX_STARTS = 3
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    # With an accelerator a backward starts threads, which a fork loses.
    "CUDA_VISIBLE_DEVICES": "",
    "HIP_VISIBLE_DEVICES": "",
}
_LEARNER = {
    "HOME": "/tmp",  # noqa: S108 - the sandbox's own
    "USER": "learner",
    "LOGNAME": "learner",
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "PIP_RETRIES": "0",  # there is no network, and to try again takes half of a cell's time
    **_ONE_THREAD,
}
_KEPT = ("HOME", "PATH", "LANG", "PYTHONPATH", "LD_LIBRARY_PATH")  # what the warm process itself is started with

_T = TypeVar("_T")


class WarmProcess:
    """A warm process, and the rules for all that is forked from it.

    It may be shared by processes that are forked from the one that started it. Making one raises SandboxError where the
    rules ask for a sandbox that this system has not.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._server: ForkServer | None = None
        self._memory = 0
        self._closed = False
        self._starting = threading.Lock()
        if rules.sandboxed and missing():
            raise SandboxError(f"{missing()}, or say --no-sandbox and run what students wrote as yourself.")

    def start(self) -> None:
        """Begin to load the modules, in a process beside this one."""
        if self._server is None:
            environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | _ONE_THREAD
            modules = ["numpy", "torch", *self.rules.lazy_imports, TARGET.partition(":")[0]]
            request = Request([], environment, os.getcwd(), preload=modules)
            self._server = ForkServer(request, warm_process_log())
            _log.debug("the warm process is started: process %d", self._server.process.pid)
            self._memory = 0

    def wait_until_warm(self) -> ForkServer:
        """Return the warm process.

        Raises:
            CourseError: if it cannot be started.
            WarmProcessLostError: where it has been closed.

        """
        with self._starting:
            if self._closed:
                raise WarmProcessLostError("the warm process was ended")
            self.start()
            fork_server = self._server
            assert fork_server is not None  # noqa: S101 - for the type checker
            if not self._memory:
                try:
                    fork_server.wait_until_warm()
                except NotWarmError as trouble:
                    self._end()
                    raise CourseError(f"Submissions cannot be run: {trouble}.") from None
                self._memory = psutil.Process(fork_server.process.pid).memory_info().rss
            return fork_server

    def close(self) -> None:
        """End the warm process and what it has forked, for good: what waits for it in another thread ends too."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        fork_server, self._server, self._memory = self._server, None, 0
        if fork_server is not None:
            fork_server.close()

    def is_warm(self) -> bool:
        """Whether the warm process is still there; what is forked from it ends with it."""
        try:
            return (
                self._server is not None and psutil.Process(self._server.process.pid).status() != psutil.STATUS_ZOMBIE
            )
        except psutil.NoSuchProcess:
            return False

    def with_restarts(self, work: Callable[[], _T]) -> _T:
        """Return what ``work`` does; where the warm process ends meanwhile, all is done again with another one.

        Raises:
            CourseError: where that ends again and again.

        """
        for _ in range(MAX_STARTS):
            fork_server = self.wait_until_warm()
            try:
                return work()
            except WarmProcessLostError as reason:
                _log.warning("%s: it is started again", reason)
                with self._starting:
                    if self._server is fork_server:  # and not another thread's new one
                        self._end()
        raise CourseError("The process that submissions are forked from ends again and again: is there enough memory?")

    def call(self, target: str, order: str) -> bytes:
        """Have a function of our own run in a fork, outside of any sandbox, and return what it says until it ends.

        ``target`` names it.

        Raises:
            WarmProcessLostError: where the warm process has ended.

        """
        with ExitStack() as stack:
            ours, theirs = pair(stack)
            ours.settimeout(None)
            process = self._fork(Request([order], {}, os.getcwd(), [theirs.fileno()], target=target))
            theirs.close()
            try:
                with ours.makefile("rb") as said:
                    return said.read()
            finally:
                process.kill()
                process.wait()

    def _fork(self, request: Request) -> ForkedProcess:
        try:
            return self.wait_until_warm().fork(request)
        except (NotWarmError, OSError) as trouble:
            raise WarmProcessLostError(str(trouble)) from None

    @contextmanager
    def start_submission(self, cases: str, files: dict[str, bytes]) -> Iterator[SubmissionProcess]:
        """Start a process for a submission, and end it with all that it has started.

        ``cases`` is the text of ``cases.py``; ``files`` are put into its folder.

        Raises:
            SandboxError: where its sandbox cannot be had.
            WarmProcessLostError: where the warm process has ended.

        """
        rules = self.rules
        walls = {"limits": vars(rules.limits), "paths": interpreter_paths()} if rules.sandboxed else None
        with ExitStack() as stack:
            folder = "/" if rules.sandboxed else stack.enter_context(TemporaryDirectory(prefix="gradstop-"))
            environment = _LEARNER if rules.sandboxed else {**_LEARNER, "HOME": folder, "TMPDIR": folder}
            control, their_control = pair(stack)
            fd_socket, their_fd_socket = pair(stack)
            sockets = [their_control.fileno(), their_fd_socket.fileno()]
            orders = json.dumps({"sandbox": walls, "processors": processors_here()})
            request = Request([orders], environment, folder, sockets, target=TARGET)
            process = self._fork(request)
            their_control.close()
            their_fd_socket.close()
            with SubmissionProcess(process, control, fd_socket, rules, self._memory, self.is_warm) as submission:
                submission.set_up(cases, files)
                yield submission


def processors_here() -> list[int] | None:
    """Return the processors that this process may run on, where the system says it."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
