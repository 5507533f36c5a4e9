"""Reads words of CPython's memory that change when an object is changed, many at once.

Of which class an object is, and from which a class is derived, are such words, and the version of a dictionary
(``cpython.version_tag``). To ask for each takes twenty times as long, and counts a reference to each: a fork would copy
the pages that they are on.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy
import numpy.typing
from numpy.lib.stride_tricks import as_strided

_WORD, _LOOKED_AT = ctypes.sizeof(ctypes.c_void_p), 64  # bytes of a word, and how many of an object's are looked at


class _Sample:
    """A class that shares its bases with none."""


def _place_of(value: object, thing: object) -> int:
    """Return how many bytes from its start an object refers to another."""
    words = (ctypes.c_size_t * _LOOKED_AT).from_address(id(thing))
    return _WORD * list(words).index(id(value))


_CLASS, _BASES = _place_of(type, _Sample), _place_of(_Sample.__bases__, _Sample)
_HELD = _place_of(_Sample, staticmethod(_Sample))


def class_word(thing: object) -> int:
    """Return the address of the word that says of which class an object is."""
    return id(thing) + _CLASS


def bases_word(kind: type) -> int:
    """Return the address of the word that says from which classes a class is derived."""
    return id(kind) + _BASES


def held_words(thing: object, count: int) -> list[int]:
    """Return the addresses of the first words by which a cell, a property, a method or a partial refers to others."""
    return [id(thing) + _HELD + _WORD * number for number in range(count)]


def _unchangeable(words: Any) -> Any:
    """Return a copy that nothing can be written to."""
    return numpy.frombuffer(words.tobytes(), dtype=words.dtype)


class Words:
    """Words at these addresses, which have to stay there.

    Attributes:
        addresses: where they are; nothing can be written to it.
        known: what they were when they were noted last; nothing can be written to it.
        known_bytes: the same, as bytes.
        memory: all from the first of them on, as an array of words.
        places: where they are in that.

    """

    def __init__(self, addresses: Sequence[int] | numpy.typing.NDArray[numpy.int64], known: bytes = b""):
        """Note the words as they are, but for the first of them where it is given what they were."""
        self.addresses = _unchangeable(numpy.array(addresses, dtype=numpy.int64))
        base = int(self.addresses.min(initial=id(_Sample)))
        words = numpy.ctypeslib.as_array((ctypes.c_uint64 * 1).from_address(base))
        self.places = _unchangeable((self.addresses - base) // _WORD)
        self.memory: Any = as_strided(words, (int(self.places.max(initial=0)) + 1,), (_WORD,), writeable=False)
        self.known_bytes = known + self.read().tobytes()[len(known) :]
        self.known = numpy.frombuffer(self.known_bytes, dtype=numpy.uint64)

    def and_those(self, addresses: Sequence[int]) -> "Words":
        """Return these and more, of which these are known as before. The objects that have them are not touched."""
        more = numpy.array(addresses, dtype=numpy.int64)
        return Words(numpy.concatenate([self.addresses, more]), self.known.tobytes())

    def read(self) -> Any:
        """Return the words as they are."""
        return self.memory[self.places]

    def are_known(self) -> bool:
        """Whether all are as they were: a third of the time that it takes to say which are not."""
        same: bool = self.memory[self.places].tobytes() == self.known_bytes
        return same

    def know(self, words: Any) -> None:
        """Note these words for those that are known."""
        self.known_bytes = words.tobytes()
        self.known = numpy.frombuffer(self.known_bytes, dtype=numpy.uint64)

    def others(self, words: Any) -> list[int]:
        """Return which of the words that were read are not those that are known."""
        places: list[int] = (words != self.known).nonzero()[0].tolist()
        return places
