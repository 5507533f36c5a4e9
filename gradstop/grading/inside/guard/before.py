"""What one module, class or dictionary held, and how that is put back.

A record of it is a plain tuple of what cannot be changed: a submission's code may find it by the frames below its call.
What ``restore`` calls of Python's is held by its defaults, as in ``audit``.
"""

import builtins
import sys
from collections.abc import Callable, Iterable
from typing import Any

from gradstop.grading.inside.guard.left_on import dropped

_MISSING = object()
_MODULES = id(sys.modules)
DATA = frozenset({int, float, str, bytes, bool, tuple, list, dict, set, type(None)})
Before = tuple[Any, tuple[tuple[str, Any], ...], frozenset[str], frozenset[str], tuple[int, ...] | None]


class Names:
    """What a dictionary holds, as attributes; ``kind`` is of which class the object is whose dictionary it is."""

    __name__ = "names"
    __slots__ = ("__dict__", "__kind")

    def __init__(self, held: dict[str, Any], kind: type | None = None) -> None:
        self.__dict__, self.__kind = held, kind

    def hidden(self) -> tuple[Any, ...]:
        """Return what a name that is added may hide: by that of a module no code looks up others."""
        if id(self.__dict__) == _MODULES:
            return ()
        return self.__kind.__mro__ if self.__kind else (builtins,)


def before(holder: Any, names: Iterable[str] | None) -> Before:
    """Note what a holder has: all, or what has these names, of which numbers, texts and lists may be others later."""
    held = vars(holder)
    items = tuple(held.items()) if names is None else tuple((name, held[name]) for name in names)
    data = frozenset(name for name, value in items if names is not None and type(value) in DATA)
    return holder, items, data, frozenset(held), tuple(map(id, held.values())) if names is None else None


def restore(
    noted: Before,
    vars: Callable[[Any], Any] = vars,  # noqa: A002
    tuple: type = tuple,  # noqa: A002
    map: type = map,  # noqa: A002
    id: Callable[[object], int] = id,  # noqa: A002
    keep: Callable[[Any], object] = dropped.extend,
) -> list[str]:
    """Put back what is not as it was, and take away what hides something; return the names.

    What has been there stays alive: code of the submission's may run where it is deleted.
    """
    holder, items, data, there, identities = noted
    now = vars(holder)
    # By identity, and in one pass of the interpreter's own: a value may claim to equal any other.
    if identities is not None and tuple(map(id, now.values())) == identities:
        return []
    changed = [(name, value) for name, value in items if now.get(name, _MISSING) is not value]
    if data:
        changed = [(name, value) for name, value in changed if name not in data or type(now.get(name)) not in DATA]
    keep([now[name] for name, _ in changed if name in now])
    for name, value in changed:
        setattr(holder, name, value)
    hidden = _hidden(holder)
    added = [name for name in now if name not in there] if hidden else ()  # to look at each copies the page it is on
    hiding = [one for one in added if _runs_unasked(one, now[one]) or any(one in vars(kind) for kind in hidden)]
    keep([now[name] for name in hiding])
    for name in hiding:
        delattr(holder, name)
    return [f"{holder.__name__}.{name}" for name in (*(name for name, _ in changed), *hiding)]


def _hidden(holder: Any) -> tuple[Any, ...]:
    """Return what a name that is added to a holder may hide: something of a base class, or of builtins."""
    if isinstance(holder, type):
        return holder.__mro__[1:]
    return Names.hidden(holder) if type(holder) is Names else (builtins,)


def _runs_unasked(name: str, value: Any) -> bool:
    """Whether Python calls what has this name by itself: as an object is deleted, or a name is not found."""
    return name.startswith("__") and name.endswith("__") and type(value) not in DATA
