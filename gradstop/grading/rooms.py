"""The rooms of this process: one for each set of rules, kept warm until it ends."""

import atexit
import threading

from gradstop.grading.room import Room
from gradstop.grading.rules import Rules

_rooms: dict[Rules, Room] = {}
_lock = threading.Lock()


def room_for(rules: Rules) -> Room:
    """Return this process's room for these rules; it stays warm."""
    with _lock:  # a cluster's worker may have several threads
        if rules not in _rooms:
            _rooms[rules] = Room(rules)
            _rooms[rules].wait_until_warm()
        return _rooms[rules]


def use_room(room: Room) -> None:
    """Let this process use a warm process that the one it was forked from has started."""
    _rooms[room.rules] = room


def close_rooms() -> None:
    """End this process's warm processes."""
    while _rooms:
        _rooms.popitem()[1].close()


atexit.register(close_rooms)
