"""Which classes the functions of a namespace name: their methods run in what observes, as functions do."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any

from torch.optim import Optimizer

from gradstop.internals.torch import hook_step

_HEAP_TYPE, _IMMUTABLE = 1 << 9, 1 << 8  # flags of a type: Py_TPFLAGS_HEAPTYPE, Py_TPFLAGS_IMMUTABLETYPE


@contextmanager
def _nothing() -> Iterator[None]:
    yield


_MADE = type(_nothing())  # by ``contextmanager``: nobody names it


def classes_used_by(*namespaces: dict[str, Any]) -> list[type]:
    """Return the classes that the functions of these namespaces name, and their bases, as far as they can be changed.

    ``torch.no_grad`` is found by the names of its parts; what another function makes is not.
    """
    names = {name for code in _codes(namespaces) for name in code.co_names}
    places, found = list(namespaces), dict.fromkeys(_MADE.__mro__)
    seen = set(map(id, places))
    for place in places:  # which grows by each module that is named
        for value in [place[name] for name in names if name in place]:
            if isinstance(value, type):
                found.update(dict.fromkeys(value.__mro__))
            elif isinstance(value, ModuleType) and id(vars(value)) not in seen:
                seen.add(id(vars(value)))
                places.append(vars(value))
    for one in found:
        if issubclass(one, Optimizer) and one is not Optimizer:
            hook_step(one)  # or it would look changed from its first use on
    return [one for one in found if one.__flags__ & _HEAP_TYPE and not one.__flags__ & _IMMUTABLE]


def _codes(namespaces: Iterable[dict[str, Any]]) -> Iterator[CodeType]:
    """Yield the code of all functions, those in classes, cases and other functions included."""
    things = [thing for held in namespaces for thing in held.values()]
    own = {held.get("__name__") for held in namespaces}
    for thing in things:  # which grows by what is in classes
        if isinstance(thing, type) and thing.__module__ in own:
            things += vars(thing).values()
    functions = [part for thing in things for part in (thing, *_inner(thing)) if isinstance(part, FunctionType)]
    waiting = [function.__code__ for function in functions]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _inner(thing: Any) -> Iterator[Any]:
    """Yield what a method, a property, a case or a decorated function is made of."""
    if not isinstance(thing, type):
        yield from (getattr(thing, name, None) for name in ("__wrapped__", "__func__", "fget", "body"))
