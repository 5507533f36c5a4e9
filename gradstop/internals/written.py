"""Tells which of some dictionaries may have been written to, in a fiftieth of the time of a look at their items.

Up to CPython 3.12 a dictionary has a version (PEP 509). Later ones have none: there the words are read that refer to
its values, as the dictionary holds them (``Objects/dictobject.c``). Of a Python whose dictionaries are laid out in
another way all may have been written to.
"""

import ctypes
import sys
import sysconfig
from collections.abc import Sequence
from typing import Any

import numpy

from gradstop.internals.cpython import plain_dictionary, version_tag
from gradstop.internals.words import Words

Items = dict[str, Any]
_USED, _KEYS, _VALUES = 16, 32, 40  # bytes from the start of a dictionary
_INDEX_SIZE, _KIND, _ENTRIES, _INDICES = 9, 10, 24, 32  # bytes from the start of what its keys are in
_OTHER_KEYS = 0  # a kind: of keys that are no plain texts, whose hashes are kept beside them
_IS_KNOWN = (
    sys.implementation.name == "cpython"
    and (3, 11) <= sys.version_info < (3, 15)
    and not sysconfig.get_config_var("Py_GIL_DISABLED")
)


def written(views: Sequence[Any]) -> "Versions | Values":
    """Return what tells of these dictionaries, or read-only views of some, whether they have been written to."""
    if views and all(version_tag(view) is not None for view in views):
        return Versions(views)
    return Values(views)


class Versions:
    """By the version of each dictionary."""

    def __init__(self, views: Sequence[Any]):
        self._words = Words([ctypes.addressof(tag) for view in views if (tag := version_tag(view)) is not None])
        self._seen = self._words.known

    def look(self) -> list[int]:
        """Return which may have been written to since the look that was noted."""
        self._seen = self._words.read()
        return self._words.others(self._seen)

    def note(self) -> None:
        """Take what the last look has found for known."""
        self._words.known = self._seen


class Values:
    """By the words that refer to the values of each dictionary."""

    def __init__(self, views: Sequence[Any]):
        self._items = list(map(plain_dictionary, views))
        self._all = list(range(len(self._items)))
        self._heads = Words([id(items) + place for items in self._items for place in (_USED, _KEYS, _VALUES)])
        self._places = [value_words(items) for items in self._items]
        self._any = False  # whether any may have been written to: their words have been looked for anew
        self._join()

    def _join(self) -> None:
        self._unknown = [number for number, places in enumerate(self._places) if places is None]
        self._words = Words([place for places in self._places for place in places or ()])
        self._owners = numpy.repeat(self._all, [len(places or ()) for places in self._places])
        self._seen = self._words.known

    def look(self) -> list[int]:
        """Return which may have been written to since the look that was noted."""
        heads = self._heads.read()
        moved = {place // 3 for place in self._heads.others(heads)}  # their words may be elsewhere by now
        if moved:
            self._heads.known = heads
            for number in moved:
                self._places[number] = value_words(self._items[number])
            self._join()
            self._any = True
            return self._all
        self._seen = self._words.read()
        if self._any:
            return self._all
        others = self._words.others(self._seen)
        return [*self._unknown, *self._owners[others].tolist()] if others else self._unknown

    def note(self) -> None:
        """Take what the last look has found for known."""
        self._words.known, self._any = self._seen, False


def value_words(items: Items) -> list[int] | None:
    """Return the addresses of the words that refer to a dictionary's values; None where they are not found."""
    if not _IS_KNOWN or _word(id(items) + _VALUES):
        return None
    keys = _word(id(items) + _KEYS)
    index_size, kind = ctypes.string_at(keys + _INDEX_SIZE, 2)
    size = 24 if kind == _OTHER_KEYS else 16
    first = keys + _INDICES + (1 << index_size) + size - 8
    places = [first + size * number for number in range(_word(keys + _ENTRIES))]
    held = [word for place in places if (word := _word(place))]  # of what was deleted it is null
    return places if held == list(map(id, items.values())) else None


def _word(address: int) -> int:
    return ctypes.c_size_t.from_address(address).value
