"""One JSON value a line over a socket, bounded and strict: what the judge and an observed process speak."""

import json
import socket
from typing import Any

LONGEST = 1_000_000  # bytes of one line
ENDED = "the connection ended"


class ProtocolError(Exception):
    """The other side said something that is not of the agreed form, or said nothing."""


class Channel:
    """A connected socket, spoken in lines of JSON."""

    def __init__(self, connection: socket.socket):
        self._connection = connection
        self._lines = connection.makefile("rb")

    @classmethod
    def connect(cls, address: str) -> "Channel":
        """Connect to a socket in the file system."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(address)
        return cls(connection)

    def send(self, message: Any) -> None:
        """Send one value."""
        self._connection.sendall(json.dumps(message, allow_nan=False).encode() + b"\n")

    def receive(self) -> Any:
        """Return the next value.

        Raises ProtocolError at the end of the stream and for a line that is too long, unfinished, no JSON, or
        has a key twice or a number that is not finite; TimeoutError when the socket's time is over.
        """
        line = self._lines.readline(LONGEST + 1)
        if not line.endswith(b"\n"):
            raise ProtocolError("the line is too long" if len(line) > LONGEST else ENDED)
        try:
            return json.loads(line, object_pairs_hook=_once, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise ProtocolError(f"no valid JSON: {error}") from None

    def __enter__(self) -> "Channel":
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._connection.close()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no finite number")
