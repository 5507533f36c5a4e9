"""Puts back what words of memory show to be another one: of which class something is, what a function holds.

It is held in parts, one for each time that more was added: in a fork of a warm process what was added before is not
touched, and so not copied.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from gradstop.internals.words import Words

PutBack = tuple[Callable[..., str], tuple[Any, ...]]  # a function that puts back and names what was, and its arguments
_T = TypeVar("_T")


def at(parts: tuple[tuple[_T, ...], ...], place: int) -> _T:
    """Return what has this place in all parts together."""
    for part in parts:
        if place < len(part):
            return part[place]
        place -= len(part)
    raise IndexError(place)


class Held:
    """Words, and how each is put back.

    Attributes:
        words: all of them.

    """

    def __init__(self) -> None:
        self.words = Words(())
        self._parts: tuple[tuple[PutBack, ...], ...] = ()

    def hold(self, more: Iterable[tuple[int, PutBack]]) -> None:
        """Put these back from now on, too: each is the address of a word, and what is called when it is another."""
        more = tuple(more)
        self.words = self.words.and_those([address for address, _ in more])
        self._parts += (tuple([put_back for _, put_back in more]),)

    def restore(self) -> list[str]:
        """Put back what is another one; return the names of whose it was."""
        places = self.words.others(self.words.read())
        return [function(*arguments) for function, arguments in [at(self._parts, place) for place in places]]
