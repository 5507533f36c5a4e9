"""A record that only grows: who is handed it may add to it, and can neither take away nor replace what is in it."""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple


def _growing() -> Generator[Any, Any, None]:
    """Yield all that was sent, newest first, as (item, (item before, ...)); up to CPython 3.12 no code changes it."""
    items: Any = ()
    while True:
        item = yield items
        if item is not None:
            items = (item, items)


class _Held(NamedTuple):
    send: Callable[[Any], Any]


class AppendOnly(_Held):
    """Things in the order in which they were added. None can be taken away, replaced or put between others.

    A case counts by it what it hands to the function under observation.
    """

    __slots__ = ()

    def __new__(cls, send: Callable[[Any], Any] | None = None) -> "AppendOnly":
        """Make an empty one, or a copy that shares what was added."""
        if send is None:
            growing = _growing()
            next(growing)
            send = growing.send
        return super().__new__(cls, send)

    def add(self, item: Any) -> None:
        """Add something that is not None."""
        self.send(item)

    def all(self) -> list[Any]:
        """Return all that was added, in order."""
        found, rest = [], self.send(None)
        while rest:
            item, rest = rest
            found.append(item)
        return found[::-1]
