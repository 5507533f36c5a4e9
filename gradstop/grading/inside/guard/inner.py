"""Puts back what functions, properties and methods hold inside: when it is replaced they stay the same objects.

A function has its names from around it in cells; what a property, a method or a partial function calls is set by its
initialiser, which may be called once more.
"""

import gc
from collections.abc import Callable, Iterable
from functools import partial
from types import CellType, FunctionType, MappingProxyType
from typing import Any

from gradstop.grading.inside.guard.held import PutBack
from gradstop.grading.inside.guard.left_on import dropped
from gradstop.internals.words import held_words

_referents = gc.get_referents
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
        self._seen: dict[int, Any] = {}

    def found_in(self, values: Iterable[Any]) -> tuple[list[tuple[int, PutBack]], list[dict[str, Any]]]:
        """Return the words of what these hold, and of what is held in that; and the dictionaries of their defaults.

        What has been found before is left out.
        """
        waiting, found, defaults = list(values), list[tuple[int, PutBack]](), list[dict[str, Any]]()
        while waiting:
            thing = waiting.pop()
            kind = type(thing)
            if (kind not in _KINDS and kind not in (FunctionType, tuple)) or id(thing) in self._seen:
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
                    found += [(word, (_put_back, (thing, held))) for word in held_words(thing, len(held))]
        return found, defaults


def _put_back(thing: Any, held: tuple[Any, ...]) -> str:
    _, put_back = _KINDS[type(thing)]
    dropped.append(_referents(thing))
    put_back(thing, *held)
    return f"what a {type(thing).__name__} holds"
