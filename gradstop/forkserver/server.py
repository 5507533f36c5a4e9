"""The server: a process that imports modules once, then forks another for each request. ``launch`` starts it.

It has one thread and never runs an operation of torch. It ends when its driver's end of the socket closes, which the
operating system sees to even if the driver is killed, and takes what it has forked with it.
"""

import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from typing import NoReturn

from gradstop.forkserver.prefork import spare_the_forks, use_large_pages
from gradstop.forkserver.request import LIMIT, Request

MANY = 8  # forks, after which more are to be expected
_OURS = __name__.partition(".")[0] if __spec__ is None else __spec__.name.partition(".")[0]
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def main() -> None:
    """Serve the driver whose socket has the number that the first argument gives; the others are modules."""
    driver = socket.socket(fileno=int(sys.argv[1]))
    gc.disable()
    del sys.path[0]  # ``-m`` put the driver's folder there, which an ordinary kernel takes away
    for name in sys.argv[2:]:
        try:
            importlib.import_module(name)
        except ImportError as error:
            if name.partition(".")[0] == _OURS:  # what is forked is to run it
                traceback.print_exc()
                driver.send(f"{name} cannot be loaded: {error}".encode())
                return
            if not isinstance(error, ModuleNotFoundError):  # it is installed, and broken
                traceback.print_exc()
    spare_the_forks()
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        said = f"an import started {threads - 1} threads, which a fork would lose"
        driver.send(f"{said}; numpy starts none with OMP_NUM_THREADS=1 in the environment".encode())
        return
    driver.send(b"warm")
    Server(driver).serve()


class Server:
    """Forks processes, and tells how they ended."""

    def __init__(self, driver: socket.socket) -> None:
        self.driver = driver
        self.forked: dict[int, tuple[int, int]] = {}  # by pidfd: process id, the pipe to tell through
        self.forks = 0
        self.poll = select.poll()
        self.poll.register(driver, select.POLLIN)

    def serve(self) -> None:
        """Answer until the driver is gone."""
        while True:
            for ready, _ in self.poll.poll():
                if ready != self.driver.fileno():
                    self._bury(ready)
                elif not self._answer():
                    self._end()
                    return

    def _answer(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self.driver, LIMIT, 4)
        if not data:
            return False
        *streams, status_fd = descriptors
        pid = os.fork()
        if pid == 0:
            self._become(Request.from_bytes(data), streams, status_fd)
        for stream in streams:
            os.close(stream)
        pidfd = os.pidfd_open(pid)
        self.forked[pidfd] = (pid, status_fd)
        self.poll.register(pidfd, select.POLLIN)
        self.forks += 1
        if self.forks == MANY:
            use_large_pages()
        return True

    def _become(self, request: Request, streams: list[int], status_fd: int) -> NoReturn:
        """Leave everything of the warm process but its modules, and never return."""
        warm_pid = os.getppid()
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != warm_pid:  # it died before the line above
            os._exit(1)
        os.setsid()
        self.driver.close()
        for pidfd, (_, other) in self.forked.items():
            os.close(pidfd)
            os.close(other)
        try:
            module, _, name = request.target.partition(":")
            getattr(importlib.import_module(module), name)(request, streams, status_fd)
        finally:
            os._exit(1)  # never back into the loop of the warm process

    def _bury(self, pidfd: int) -> None:
        pid, status_fd = self.forked.pop(pidfd)
        self.poll.unregister(pidfd)
        os.close(pidfd)
        _, status = os.waitpid(pid, 0)
        with suppress(OSError):  # nobody listens any more
            os.write(status_fd, b"%d" % os.waitstatus_to_exitcode(status))
        os.close(status_fd)

    def _end(self) -> None:
        """End each fork with what it started in its process group."""
        for pid, _ in self.forked.values():
            with suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        for pid, _ in self.forked.values():
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
