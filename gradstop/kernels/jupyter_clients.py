"""Clients that know a warm kernel: it is ready when it says so, not when it has been silent for a while.

A stock client reads the kernel's broadcasts until none has come for 0.2 s. A warm kernel has bound its ports before its
launch returns, so these wait for the one broadcast that must come: that their question has been dealt with.

What is used of jupyter_client's insides is used here alone. Tried with jupyter_client 8.10.0;
``tests/contracts/test_jupyter_client.py`` holds each assumption.
"""

import time
from collections.abc import Callable
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.blocking import BlockingKernelClient
from jupyter_core.utils import ensure_async, run_sync

_ROUND = 1.0  # seconds, for one question
_BROADCAST = 0.2


async def _wait_for_ready(self: Any, timeout: float | None = None) -> None:
    """Return when the kernel answers and its broadcasts arrive.

    Raises:
        RuntimeError: as a stock client, if the kernel has died or does not answer in ``timeout`` seconds.

    """
    deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
    while True:
        asked = self.kernel_info()
        reply = await _next(self.shell_channel, _ROUND, asked)
        if reply and await _next(self.iopub_channel, _BROADCAST, asked, _is_idle):
            self._handle_kernel_info_reply(reply)
            return
        if not await self._async_is_alive():
            raise RuntimeError("Kernel died before replying to kernel_info")
        if time.monotonic() > deadline:
            raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds")


async def _next(
    channel: Any, seconds: float, asked: str, wanted: Callable[[Any], bool] | None = None
) -> dict[str, Any] | None:
    """Return the first (wanted) answer to a question, None if it is late; drop what comes before it."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            message: dict[str, Any] = await ensure_async(channel.get_msg(timeout=left))
        except Empty:
            return None
        if message["parent_header"].get("msg_id") == asked and (wanted is None or wanted(message)):
            return message
    return None


def _is_idle(message: dict[str, Any]) -> bool:
    return bool(message["content"].get("execution_state") == "idle")


class WarmAsyncClient(AsyncKernelClient):  # type: ignore[misc]
    """``AsyncKernelClient``, but for how it waits at the start."""

    wait_for_ready = _wait_for_ready


class WarmBlockingClient(BlockingKernelClient):  # type: ignore[misc]
    """``BlockingKernelClient``, but for how it waits at the start."""

    wait_for_ready = run_sync(_wait_for_ready)


# What a manager names by default, and what serves a warm kernel instead. Any other choice is the user's own.
CLIENTS = {
    "jupyter_client.asynchronous.AsyncKernelClient": f"{__name__}.WarmAsyncClient",
    "jupyter_client.blocking.BlockingKernelClient": f"{__name__}.WarmBlockingClient",
}
