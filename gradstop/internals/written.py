"""Tells which of some dictionaries may have been written to, in a fiftieth of the time of a look at their items.

Up to CPython 3.12 a dictionary has a version (PEP 509). Later ones have none: there the words are read that refer to
its values, as the dictionary holds them (``Objects/dictobject.c``). Of a Python whose dictionaries are laid out in
another way all may have been written to.
"""

import ctypes
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from typing import Any

import numpy
import numpy.typing

from gradstop.internals.cpython import plain_dictionary, version_tag
from gradstop.internals.words import Words

Items = dict[str, Any]
Addresses = numpy.typing.NDArray[numpy.int64]
_NONE = numpy.empty(0, dtype=numpy.int64)
_USED, _KEYS, _VALUES = 16, 32, 40  # bytes from the start of a dictionary
_INDEX_SIZE, _KIND, _ENTRIES, _INDICES = 9, 10, 24, 32  # bytes from the start of what its keys are in
_OTHER_KEYS = 0  # a kind: of keys that are no plain texts, whose hashes are kept beside them
_IS_KNOWN = (
    sys.implementation.name == "cpython"
    and (3, 11) <= sys.version_info < (3, 15)
    and not sysconfig.get_config_var("Py_GIL_DISABLED")
)


def written() -> "Versions | Values":
    """Return what tells of dictionaries, once it holds some, whether they have been written to."""
    return Versions() if has_versions() else Values()


def has_versions() -> bool:
    """Whether a dictionary's version changes with each write to it."""
    return version_tag({}) is not None


class Versions:
    """By the version of each dictionary."""

    def __init__(self) -> None:
        self._words = self._all = Words(())
        self._seen = self._beside = self._words.known

    def hold(self, views: Sequence[Any], beside: Words | None = None) -> None:
        """Tell of these dictionaries too, or of those that these are read-only views of.

        ``beside`` are words that ``is_untouched`` looks at, too.
        """
        tags = [tag for view in views if (tag := version_tag(view)) is not None]
        self._words = self._words.and_those(list(map(ctypes.addressof, tags)))
        self._seen = self._words.known
        beside = beside or Words(())
        self._beside = beside.known
        known = beside.known.tobytes() + self._words.known.tobytes()
        self._all = Words(numpy.concatenate([beside.addresses, self._words.addresses]), known)

    def is_untouched(self) -> bool:
        """Whether for certain none has been written to, and all words beside them are as they are known."""
        return self._all.are_known()

    def look(self) -> list[int]:
        """Return which may have been written to since the look that was noted."""
        self._seen = self._words.read()
        return self._words.others(self._seen)

    def note(self) -> None:
        """Take what the last look has found for known."""
        self._words.know(self._seen)
        self._all.know(numpy.concatenate([self._beside, self._seen]))


class Values:
    """By the words that refer to the values of each dictionary."""

    def __init__(self) -> None:
        self._items: list[Items] = []
        self._places: list[Addresses | None] = []
        self._heads = Words(())
        self.hold(())

    def hold(self, views: Sequence[Any], beside: Words | None = None) -> None:  # noqa: ARG002
        """Tell of these dictionaries too, or of those that these are read-only views of. All are known as they are."""
        moved = self._moved()
        self._items += map(plain_dictionary, views)
        self._places += [None] * len(views)
        self._heads = Words([word for items in self._items for word in _heads(items)])
        self._find((*moved, *range(len(self._items) - len(views), len(self._items))))
        self._any = False  # whether any may have been written to: their words have been looked for anew

    def _moved(self) -> list[int]:
        """Return the dictionaries whose words may be elsewhere by now."""
        heads = self._heads.read()
        moved = sorted({place // 3 for place in self._heads.others(heads)})
        self._heads.know(heads)
        return moved

    def _find(self, numbers: Iterable[int]) -> None:
        """Look for the words of these dictionaries, which then are known as they are, with those of all others."""
        for number in numbers:
            self._places[number] = value_words(self._items[number])
        self._unknown = [number for number, places in enumerate(self._places) if places is None]
        found = [_NONE if places is None else places for places in self._places]
        self._words = Words(numpy.concatenate([_NONE, *found]))
        self._owners = numpy.repeat(numpy.arange(len(found)), [len(places) for places in found])
        self._seen = self._words.known

    def is_untouched(self) -> bool:
        """Return False: to be certain takes as long as to look."""
        return False

    def look(self) -> list[int]:
        """Return which may have been written to since the look that was noted."""
        moved = self._moved()
        if moved:
            self._find(moved)
            self._any = True
        self._seen = self._words.read()
        if self._any:
            return list(range(len(self._items)))
        others = self._words.others(self._seen)
        return [*self._unknown, *numpy.unique(self._owners[others]).tolist()] if others else self._unknown

    def note(self) -> None:
        """Take what the last look has found for known."""
        self._words.know(self._seen)
        self._any = False


def words_of(views: Iterable[Any]) -> list[int]:
    """Return the addresses of words of which one changes when a dictionary, or that of a view, is written to."""
    found: list[int] = []
    for view in views:
        tag, items = version_tag(view), plain_dictionary(view)
        places = value_words(items) if tag is None else None
        found += _heads(items) if tag is None else [ctypes.addressof(tag)]
        found += [] if places is None else places.tolist()
    return found


def _heads(items: Items) -> list[int]:
    """Return the addresses of the words of a dictionary that change when its values are kept elsewhere."""
    return [id(items) + place for place in (_USED, _KEYS, _VALUES)]


def value_words(items: Items) -> Addresses | None:
    """Return the addresses of the words that refer to a dictionary's values; None where they are not found."""
    if not _IS_KNOWN or _word(id(items) + _VALUES):
        return None
    keys = _word(id(items) + _KEYS)
    index_size, kind = ctypes.string_at(keys + _INDEX_SIZE, 2)
    size = 24 if kind == _OTHER_KEYS else 16
    first = keys + _INDICES + (1 << index_size) + size - 8
    places = first + size * numpy.arange(_word(keys + _ENTRIES), dtype=numpy.int64)
    held = Words(places).known
    here = held[held != 0].tolist() == list(map(id, items.values()))  # of what was deleted the word is null
    return places if here else None


def _word(address: int) -> int:
    return ctypes.c_size_t.from_address(address).value
