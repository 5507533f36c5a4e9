"""Which classes and modules the functions of a namespace name, and of which class they are: their code runs in ours."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any

from torch import nn
from torch.optim import Optimizer

from gradstop.grading.inside.guard.held import PutBack
from gradstop.grading.inside.guard.left_on import dropped
from gradstop.internals.cpython import note_slot_names
from gradstop.internals.torch import hook_step
from gradstop.internals.words import bases_word, class_word

_get_bases, _set_bases = vars(type)["__bases__"].__get__, vars(type)["__bases__"].__set__
_get_kind, _set_kind = type, vars(object)["__class__"].__set__
_HEAP_TYPE, _IMMUTABLE = 1 << 9, 1 << 8  # flags of a type: Py_TPFLAGS_HEAPTYPE, Py_TPFLAGS_IMMUTABLETYPE


@contextmanager
def _nothing() -> Iterator[None]:
    yield


_MADE = type(_nothing())  # by ``contextmanager``: nobody names it


def used_by(*namespaces: dict[str, Any]) -> tuple[list[type], list[ModuleType]]:
    """Return the classes that the functions of these namespaces name, and their bases; and the modules.

    ``torch.no_grad`` is found by the names of its parts; what another function makes is not. Classes that cannot be
    changed are left out.
    """
    names = {name for code in _codes(namespaces) for name in code.co_names}
    places, found, modules = list(namespaces), dict.fromkeys(_MADE.__mro__), dict[int, ModuleType]()
    for place in places:  # which grows by each module that is named
        for value in [place[name] for name in names if name in place]:
            if isinstance(value, type):
                found.update(dict.fromkeys(value.__mro__))
            elif isinstance(value, ModuleType) and id(value) not in modules:
                modules[id(value)] = value
                places.append(vars(value))
    for one in found:
        if issubclass(one, Optimizer) and one is not Optimizer:
            hook_step(one)  # or it would look changed from its first use on
    return changeable(found), list(modules.values())


def looked_up_in(modules: Iterable[ModuleType], *namespaces: dict[str, Any]) -> list[tuple[ModuleType, list[str]]]:
    """Return of each module the names in it that the functions of these namespaces name."""
    names = {name for code in _codes(namespaces) for name in code.co_names}
    return [(module, [name for name in names if name in vars(module)]) for module in modules]


def defined_in(namespaces: Iterable[dict[str, Any]]) -> Iterator[type]:
    """Yield the classes that are defined in these namespaces, without modules: an answer may patch one it is given."""
    for names in namespaces:
        own = [one for one in names.values() if isinstance(one, type) and one.__module__ == names.get("__name__")]
        yield from (one for one in own if not issubclass(one, nn.Module))


def names_that_stay(holders: Iterable[Any]) -> list[Any]:
    """Return the dictionaries of modules, classes and names, to which nothing is written but by who changes them.

    What Python notes in them by itself is there already: that it has warned, which annotations and slots there are.
    """
    found = []
    for one in holders:
        if isinstance(one, type):
            getattr(one, "__annotations__", None)
            note_slot_names(one)
        else:
            vars(one).setdefault("__warningregistry__", {})
        found.append(vars(one))
    return found


def changeable(classes: Iterable[type]) -> list[type]:
    """Return those of which a program may change something, and of their own classes, which ``isinstance`` asks."""
    found = dict.fromkeys(kind for one in classes for kind in (one, *type.mro(type(one))))
    return [one for one in found if one.__flags__ & _HEAP_TYPE and not one.__flags__ & _IMMUTABLE]


def kinds_of(things: Iterable[Any]) -> Iterator[tuple[int, PutBack]]:
    """Yield the words of which class modules and classes are, and what classes are derived from.

    Their dictionaries do not show it.
    """
    for thing in things:
        yield class_word(thing), (_put_kind, (thing, type(thing)))
        if isinstance(thing, type):
            yield bases_word(thing), (_put_bases, (thing, _get_bases(thing)))


def _put_kind(thing: Any, kind: type) -> str:
    dropped.append(_get_kind(thing))
    _set_kind(thing, kind)
    return f"{thing.__name__}.__class__"


def _put_bases(one: type, bases: tuple[type, ...]) -> str:
    dropped.append(_get_bases(one))
    _set_bases(one, bases)
    return f"{one.__name__}.__bases__"


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
