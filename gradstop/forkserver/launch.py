"""The driver's side of the warm process: starts it, asks it for forks, and lets it end with the driver."""

import atexit
import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import ClassVar

from gradstop.forkserver.forked import ForkedProcess
from gradstop.forkserver.request import LIMIT, NotWarmError, Request

_START = 120.0  # seconds, for the imports
_FORK = 20.0


class ForkServer:
    """A process that has modules loaded and forks on request. One serves a driver process."""

    _current: ClassVar["ForkServer | None"] = None
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, request: Request, log: Path | None = None) -> None:
        """Start the process; ``wait_until_warm`` before the first fork. What it says on errors is added to ``log``."""
        self.warmth = request.warmth()
        self.owner = os.getpid()
        self.warm = False
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with open(log or os.devnull, "ab") as errors:
            self.process = subprocess.Popen(  # noqa: S603, our own module
                [sys.executable, "-m", "gradstop.forkserver.server", str(theirs.fileno()), *request.preload],
                pass_fds=[theirs.fileno()],
                env=request.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # an interrupt at the terminal is the driver's
            )
        theirs.close()

    def wait_until_warm(self) -> None:
        """Return when the modules are loaded.

        Raises:
            NotWarmError: if the process did not start.

        """
        self.socket.settimeout(_START)
        try:
            answer = self.socket.recv(LIMIT)
        except OSError as error:
            answer = str(error).encode()
        if answer != b"warm":
            self.close()
            raise NotWarmError(f"the warm process did not start: {answer.decode() or 'it ended'}")
        self.warm = True
        self.socket.settimeout(_FORK)

    @classmethod
    def fork_shared(cls, request: Request) -> ForkedProcess:
        """Return a new fork of the one warm process that this process has for its kernels.

        Raises:
            NotWarmError: if there can be no warm one.

        """
        if not sys.platform.startswith("linux"):
            raise NotWarmError(f"this platform has no safe fork: {sys.platform}")
        with cls._lock:
            try:
                return cls._serving(request).fork(request)
            except OSError as error:
                cls.end()
                raise NotWarmError(f"the warm process does not answer: {error}") from error

    @classmethod
    def _serving(cls, request: Request) -> "ForkServer":
        fork_server = cls._current
        if fork_server is not None and fork_server.process.poll() is not None:  # killed: start another one
            cls.end()
        elif fork_server is not None and fork_server.warmth != request.warmth():
            raise NotWarmError("its environment, its modules or the installed packages differ from the warm process's")
        if cls._current is None:
            fork_server = cls(request)
            fork_server.wait_until_warm()
            cls._current = fork_server
        return cls._current

    @classmethod
    def end(cls) -> None:
        """End that warm process and what it has forked."""
        fork_server, cls._current = cls._current, None
        if fork_server is not None:
            fork_server.close()

    @classmethod
    def forget(cls) -> None:
        """Leave the warm process to the process that started it, of which this one is a fork."""
        cls._lock = threading.Lock()
        fork_server, cls._current = cls._current, None
        if fork_server is not None:
            fork_server.socket.close()

    def close(self) -> None:
        """End the process: without its driver it ends itself, and what it has forked."""
        self.socket.close()
        if not self.warm:  # it loads its modules, and has forked nothing
            self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
            return
        self.process.kill()
        self.process.wait()

    def fork(self, request: Request) -> ForkedProcess:
        """Return a new process of this warm one.

        Raises:
            NotWarmError: if it forked none.
            OSError: if it does not answer.

        """
        told, status_fd = os.pipe()
        try:
            with _open_descriptors(request) as streams:
                socket.send_fds(self.socket, [request.to_bytes()], [*streams, status_fd])
        except BaseException:
            os.close(told)
            raise
        finally:
            os.close(status_fd)
        pid, _, more = _read_until_ready(told).partition(b" ")
        if not pid:
            os.close(told)
            raise NotWarmError("the warm process has forked nothing")
        return ForkedProcess(int(pid), told, more)


@contextlib.contextmanager
def _open_descriptors(request: Request):  # type: ignore[no-untyped-def]
    """Yield the descriptors that are sent; what is None is an empty file."""
    with open(os.devnull, "r+b") as empty:
        yield [empty.fileno() if fd is None else fd for fd in request.descriptors]


def _read_until_ready(told: int) -> bytes:
    """Return what a fork tells at its start: its process id, then that it is ready, or how it ended."""
    text = b""
    deadline = time.monotonic() + _FORK
    while len(text.split()) < 2 and select.select([told], [], [], max(0.0, deadline - time.monotonic()))[0]:
        part = os.read(told, 64)
        if not part:
            break
        text += part
    return text


atexit.register(ForkServer.end)
os.register_at_fork(after_in_child=ForkServer.forget)
