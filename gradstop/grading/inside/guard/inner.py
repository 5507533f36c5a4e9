"""Puts back what functions, properties and methods hold inside: when it is replaced they stay the same objects.

A function has its names from around it in cells; what a property, a method or a partial function calls is set by its
initialiser, which may be called once more.
"""

from collections.abc import Callable, Iterable
from functools import partial
from types import CellType, FunctionType, MappingProxyType
from typing import Any

from gradstop.internals.words import Words, held_words

_set_cell = vars(CellType)["cell_contents"].__set__
# What each holds, and how it is put back. The first word that an object refers to something by is that of the first.
_KINDS = MappingProxyType[type, tuple[Callable[[Any], tuple[Any, ...]], Callable[..., object]]](
    {
        CellType: (lambda cell: (cell.cell_contents,), _set_cell),
        property: (lambda one: (one.fget, one.fset, one.fdel), property.__init__),
        staticmethod: (lambda one: (one.__func__,), staticmethod.__init__),
        classmethod: (lambda one: (one.__func__,), classmethod.__init__),
        partial: (
            lambda one: (one.func, one.args, one.keywords),
            lambda one, *held: one.__setstate__((*held, vars(one))),
        ),
    }
)
_STATE = (bool, int, float, str, bytes, type(None))  # of a closure's own: it may change


class Inner:
    """What some functions, properties and methods hold."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[Any, tuple[Any, ...]]] = {}
        self._seen: dict[int, Any] = {}
        self._words = Words(())

    def hold(self, values: Iterable[Any]) -> list[dict[str, Any]]:
        """Put back what these hold, and what is held in that; return the dictionaries of their defaults by name."""
        waiting, defaults = list(values), []
        while waiting:
            thing = waiting.pop()
            kind = type(thing)
            if id(thing) in self._seen or (kind not in _KINDS and kind not in (FunctionType, tuple)):
                continue
            self._seen[id(thing)] = thing
            if kind is tuple:
                waiting += thing
            elif kind is FunctionType:
                waiting += [cell for cell in thing.__closure__ or () if cell != CellType()]
                defaults += [thing.__kwdefaults__] if thing.__kwdefaults__ else []
            else:
                read, _ = _KINDS[kind]
                held = read(thing)
                waiting += held
                if kind is not CellType or not isinstance(held[0], _STATE):
                    self._held[id(thing)] = (thing, held)
        self._places = tuple((thing, held) for thing, held in self._held.values() for _ in held)
        self._words = Words([word for thing, held in self._held.values() for word in held_words(thing, len(held))])
        return defaults

    def restore(self) -> list[str]:
        """Put back what is another one; return what it was in."""
        changed = []
        for place in self._words.others(self._words.read()):
            thing, held = self._places[place]
            _, put_back = _KINDS[type(thing)]
            put_back(thing, *held)
            changed.append(f"what a {type(thing).__name__} holds")
        return changed
