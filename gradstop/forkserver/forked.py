"""A forked process as its driver sees it: the part of ``subprocess.Popen`` that jupyter_client and the judge use."""

import asyncio
import os
import select
import signal
import subprocess
from contextlib import suppress


class ForkedProcess:
    """A child of the warm process, which tells through a pipe how it ended.

    Attributes:
        pid: the process id.
        returncode: None while it runs; then its exit code, negative for a signal.

    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, status: int, told: bytes = b"") -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status  # the pipe's end for reading
        self._told = told
        os.set_blocking(status, False)

    def poll(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        while self.returncode is None:
            try:
                part = os.read(self._status, 64)
            except BlockingIOError:
                break
            self._told += part
            if not part:  # all who could tell are gone; it ends with the warm process
                words = self._told.split()
                self.returncode = int(words[-1]) if words and words[-1] != b"ready" else -signal.SIGKILL
                os.close(self._status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code.

        Raises:
            subprocess.TimeoutExpired: if it runs longer than ``timeout`` seconds.

        """
        while self.poll() is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a forked process", timeout or 0)
        assert self.returncode is not None  # noqa: S101, for the type checker
        return self.returncode

    async def ended(self) -> None:
        """Return when the process has ended."""
        loop = asyncio.get_running_loop()
        while self.poll() is None:
            told = loop.create_future()
            loop.add_reader(self._status, told.set_result, None)
            try:
                await told
            finally:
                loop.remove_reader(self._status)

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # the warm process has buried it, and is about to tell
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process."""
        self.send_signal(signal.SIGKILL)
