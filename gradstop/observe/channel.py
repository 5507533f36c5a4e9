"""One JSON value a line over a socket, bounded and strict: what the judge and an observed process speak."""

import json
import select
import socket
import time
from collections.abc import Callable
from typing import Any

LONGEST = 1_000_000  # bytes of one line
TICK = 0.2  # seconds between two looks of a watch
ENDED = "the connection ended"


class ProtocolError(Exception):
    """The other side said something that is not of the agreed form, or said nothing."""


class Channel:
    """A connected socket, spoken in lines of JSON.

    ``watch`` is called every ``TICK`` seconds of waiting; what it raises ends the wait.
    """

    def __init__(self, connection: socket.socket, watch: Callable[[], None] | None = None):
        self._connection = connection
        self._watch = watch
        self._read = bytearray()

    def send(self, message: Any) -> None:
        """Send one value."""
        self._connection.sendall(json.dumps(message, allow_nan=False).encode() + b"\n")

    def receive(self, seconds: float = float("inf")) -> Any:
        """Return the next value, which has to be complete within ``seconds``.

        Raises ProtocolError at the end of the stream and for a line that is too long, unfinished, no JSON, or
        has a key twice or a number that is not finite; TimeoutError when the time is over.
        """
        line = self._line(time.monotonic() + seconds)
        try:
            return json.loads(line, object_pairs_hook=_once, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise ProtocolError(f"no valid JSON: {error}") from None

    def _line(self, deadline: float) -> bytes:
        seen = 0
        while (end := self._read.find(b"\n", seen)) < 0:
            seen = len(self._read)
            if seen > LONGEST:
                raise ProtocolError("the line is too long")
            self._wait(deadline)
            part = self._connection.recv(1 << 16)
            if not part:
                raise ProtocolError(ENDED)
            self._read += part
        line = bytes(self._read[:end])
        del self._read[: end + 1]
        return line

    def _wait(self, deadline: float) -> None:
        if self._watch is None and deadline == float("inf"):
            return
        while not select.select([self._connection], [], [], min(TICK, max(0.0, deadline - time.monotonic())))[0]:
            if self._watch is not None:
                self._watch()
            if time.monotonic() > deadline:
                raise TimeoutError

    def close(self) -> None:
        """Close the socket."""
        self._connection.close()

    def __enter__(self) -> "Channel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no finite number")
