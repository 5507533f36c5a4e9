"""One JSON value a line over a socket, bounded and strict: what the judge and an observed process speak."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import msgspec

MAX_LINE = 1_000_000  # bytes of one line
ANSWER_TIMEOUT = 20.0
TICK = 0.2  # seconds between two looks of a watch
MISSING = "the notebook defines no function of this name"
WITHOUT = "the cell ran without its line"
ENDED = "the connection ended"
UNUSABLE = "unusable"  # the answer of a process that can run no other cell
DISTURBED = b'{"disturbed":true}\n'  # the last line of a process in which what observes was changed


class ProtocolError(Exception):
    """The other side said something that is not of the agreed form, or said nothing."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no finite number")


# Made once: a message is small, and there are some hundreds for each submission.
_encode, _encode_any = msgspec.json.Encoder().encode, json.JSONEncoder(allow_nan=False).encode
_decode = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse).decode


def text_of(value: Any) -> str:
    """Return a value as a line of JSON."""
    try:
        return _encode(value).decode()
    except (TypeError, UnicodeEncodeError):  # a text of a class of its own, half of a surrogate pair
        return _encode_any(value)


def answer_text(done: str, first: str | None) -> str:
    """Return the line that reports the end of one run, and the first phase of the next where one follows, as texts."""
    return f'{{"done":{done}}}' if first is None else f'{{"done":{done},"first":{first}}}'


def value_of(text: str) -> Any:
    """Return the value that a text of JSON holds.

    Raises:
        ProtocolError: for no JSON, a key that stands twice, or a number that is not finite.

    """
    try:
        return _decode(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"no valid JSON: {error}") from None


class Channel:
    """A connected socket, spoken in lines of JSON.

    ``watch`` is called every ``TICK`` seconds of waiting; what it raises ends the wait. Where there is one,
    sending waits at the most ``ANSWER_TIMEOUT`` seconds. Of more than ``most`` bytes in all nothing is read.

    Attributes:
        length: bytes of the value that was received last.

    """

    length = 0

    def __init__(self, connection: socket.socket, watch: Callable[[], None] | None = None, most: float = float("inf")):
        self._connection = connection
        self._watch = watch
        self._left = most
        self._read = bytearray()

    def send(self, message: Any) -> None:
        """Send one value."""
        self.send_text(text_of(message))

    def send_text(self, text: str) -> None:
        """Send one value that is text already."""
        if self._watch is not None:
            self._connection.settimeout(ANSWER_TIMEOUT)
        self._connection.sendall(text.encode() + b"\n")

    def receive(self, seconds: float = float("inf"), longest: int = MAX_LINE) -> Any:
        """Return the next value, which has to be complete within ``seconds`` and at most ``longest`` bytes.

        Raises:
            ProtocolError: at the end of the stream, past ``most``, and for a line that is too long, unfinished, no
                JSON, or has a key twice or a number that is not finite.
            TimeoutError: when the time is over.

        """
        return value_of(self.receive_text(seconds, longest))

    def receive_text(self, seconds: float = float("inf"), longest: int = MAX_LINE) -> str:
        """Return the text of the next value, as ``receive`` does, before it is read as JSON."""
        line = self._line(time.monotonic() + seconds, longest)
        self.length = len(line)
        try:
            return line.decode()
        except ValueError as error:
            raise ProtocolError(f"no valid JSON: {error}") from None

    def _line(self, deadline: float, longest: int) -> bytes:
        seen = 0
        while (end := self._read.find(b"\n", seen)) < 0:
            seen = len(self._read)
            if seen > longest:
                raise ProtocolError("the line is too long")
            part = self._part(deadline)
            if not part:
                raise ProtocolError(ENDED)
            self._left -= len(part)
            if self._left < 0:
                raise ProtocolError("it is too long")
            self._read += part
        line = bytes(self._read[:end])
        del self._read[: end + 1]
        return line

    def _part(self, deadline: float) -> bytes:
        while self._watch is not None or deadline < float("inf"):
            self._connection.settimeout(min(TICK, max(0.001, deadline - time.monotonic())))
            try:
                return self._connection.recv(1 << 16)
            except TimeoutError:
                if self._watch is not None:
                    self._watch()
                if time.monotonic() > deadline:
                    raise
        return self._connection.recv(1 << 16)

    def fileno(self) -> int:
        """Return the descriptor of the socket."""
        return self._connection.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._connection.close()

    def __enter__(self) -> "Channel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
