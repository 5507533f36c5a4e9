"""Which code runs while a case is observed, found by running one: what it looks up is put back with the rest.

A part of torch or of the standard library that it uses would else be a door: a submission's code put in its place would
run in ours.
"""

import sys
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any


def _has_attributes(one: Any) -> bool:
    """Whether an object has a dictionary of its own."""
    return type(getattr(one, "__dict__", None)) is dict


class Running:
    """What has run while ``look`` was the profile function.

    Attributes:
        classes: those whose methods were called, and their bases.
        instances: what is no class, module or function and has attributes of its own, by its identity.
        places: dictionaries of names by their identity, each with the names that the code looks up there.

    """

    def __init__(self) -> None:
        self.classes: dict[type, None] = {}
        self.instances: dict[int, Any] = {}
        self.places: dict[int, tuple[dict[str, Any], set[str]]] = {}
        self._codes = set[CodeType]()

    def look(self, frame: FrameType, event: str, _: object) -> None:
        """Note the call of a function of Python's."""
        code = frame.f_code
        if event != "call" or code in self._codes:
            return
        self._codes.add(code)
        self._note(code, frame.f_globals)
        first = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
        self.classes.update(dict.fromkeys((first if isinstance(first, type) else type(first)).__mro__))

    def _note(self, code: CodeType, names: dict[str, Any]) -> None:
        """Note what a function's code looks up: in its module, in modules that it names there, in those it imports."""
        imported = {name for name in code.co_names if "." in name and name in sys.modules}
        self._place(sys.modules, imported)
        waiting = [names, *(vars(sys.modules[name]) for name in imported)]
        for place in waiting:  # which grows by each module that is named
            found = [place[name] for name in code.co_names if name in place]
            self._place(place, {name for name in code.co_names if name in place})
            modules = [vars(one) for one in found if isinstance(one, ModuleType)]
            waiting += [one for one in modules if not any(one is known for known in waiting)]
            for one in found:
                if isinstance(one, type):
                    self.classes.update(dict.fromkeys(one.__mro__))
                else:
                    self._instance(one)

    def _instance(self, one: Any) -> None:
        """Note an object with attributes, and those that are attributes of it: a logger has a parent."""
        if id(one) in self.instances or isinstance(one, type | ModuleType | FunctionType) or not _has_attributes(one):
            return
        self.instances[id(one)] = one
        for value in list(vars(one).values()):
            self._instance(value)

    def _place(self, place: dict[str, Any], names: set[str]) -> None:
        self.places.setdefault(id(place), (place, set()))[1].update(names)
