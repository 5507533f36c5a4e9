"""Which module a parameter is in, as plain data: it keeps no module alive."""

import gc
import sys
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from gradstop.watch.lines import USER, Line, kind_of, line_of

MOST_DEEP = 30
MOST_MODULES = 20_000


def living_modules() -> list[nn.Module]:
    """Return all modules that are there; none whose ``__init__`` or copy was broken off."""
    return [item for item in gc.get_objects() if issubclass(type(item), nn.Module) and _is_whole(item)]


def living_optimizers() -> list[Optimizer]:
    """Return all optimizers that are there."""
    return [item for item in gc.get_objects() if issubclass(type(item), Optimizer)]


def _is_whole(module: nn.Module) -> bool:
    try:
        next(module.children(), None)
        next(module.parameters(recurse=False), None)
    except Exception:  # whatever a __getattr__ of the user's raises, too
        return False
    return True


@dataclass(slots=True, eq=False)
class Owner:
    """A module that was made in the block, as plain data: its kind, and its place in another."""

    kind: str
    parent: "Owner | None" = None
    name: str = ""
    at: Line | None = None  # where it was put in
    since: int = 0  # after which number

    @property
    def root(self) -> "Owner":
        """The outermost module that it is in."""
        owner = self
        for _ in range(MOST_DEEP):
            if owner.parent is None:
                break
            owner = owner.parent
        return owner

    def put_in_after(self, number: int) -> Line | None:
        """Return where the outermost of the modules that it is in was put in after a number; None where none was."""
        owner, found = self, None
        for _ in range(MOST_DEEP):
            found = owner.at if owner.since > number else found
            if owner.parent is None:
                break
            owner = owner.parent
        return found

    def named(self, name: str) -> str:
        """Return the name of one of its parameters, from the outermost module: ``0.weight of Sequential``."""
        owner = self
        for _ in range(MOST_DEEP):
            if owner.parent is None:
                break
            name, owner = f"{owner.name}.{name}", owner.parent
        return f"{name} of {owner.kind}"


class Owners:
    """The modules of a block: what was there at the start, and what registers something. Keeps none alive.

    Args:
        numbers: those that the story gives to what happens.

    """

    def __init__(self, numbers: Iterator[int]) -> None:
        self._numbers = numbers
        self._owners: dict[int, tuple[weakref.ref[nn.Module], Owner]] = {}

    def of(self, module: nn.Module) -> Owner:
        """Return what stands for a module."""
        found = self._owners.get(id(module))
        if found is not None and found[0]() is module:
            return found[1]
        if len(self._owners) > MOST_MODULES:
            self._owners.clear()
        owner = Owner(type(module).__name__)
        self._owners[id(module)] = (weakref.ref(module), owner)
        return owner

    def before(self) -> Iterator[tuple[Tensor, Owner, str]]:
        """Take what is there; yield the parameters with their modules and names."""
        for module in living_modules():
            owner = self.of(module)
            for name, child in module.named_children():
                self._join(owner, name, child)
            for name, parameter in module.named_parameters(recurse=False):
                yield parameter, owner, name

    def builder(self, frame: FrameType | None) -> tuple[Owner, bool] | None:
        """Return the module of the user's in whose ``__init__`` this runs, None where there is none.

        Where a module's ``forward`` has called that, it is this one, and True.
        """
        found = None
        for _ in range(MOST_DEEP):
            if frame is None:
                break
            code = frame.f_code
            if code.co_name in ("__init__", "forward") and code.co_argcount and kind_of(code.co_filename) == USER:
                outer = frame.f_locals.get(code.co_varnames[0])
                if isinstance(outer, nn.Module) and (found is None or code.co_name == "forward"):
                    found = (self.of(outer), code.co_name == "forward")
            frame = frame.f_back
        return found

    def put_in(self, module: nn.Module, name: str, child: Any) -> None:
        """Note that a module is put into another: a hook of torch's."""
        if isinstance(child, nn.Module):
            owner = self._join(self.of(module), name, child)
            owner.at, owner.since = line_of(sys._getframe(1)), next(self._numbers)

    def _join(self, parent: Owner, name: str, child: nn.Module) -> Owner:
        owner = self.of(child)
        owner.parent, owner.name = parent, name
        return owner
