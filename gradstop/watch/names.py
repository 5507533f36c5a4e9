"""What a tensor is called: its name in a model, else its shape."""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from gradstop.watch.events import Story
from gradstop.watch.words import shape_of

MOST_DEEP = 30
MOST_MODULES = 20_000


def in_modules() -> Iterator[tuple[Tensor, str]]:
    """Yield the parameters and buffers of all modules that are there, with their names from the outermost module."""
    modules = [item for item in gc.get_objects() if issubclass(type(item), nn.Module)]
    inner = {id(child) for module in modules for child in module.children()}
    for module in sorted(modules, key=lambda module: id(module) in inner):
        held: list[Any] = [*module.named_parameters(), *module.named_buffers()]
        for name, tensor in held:
            yield tensor, f"{name} of {type(module).__name__}"


@dataclass(slots=True, eq=False)
class Owner:
    """A module that was made in the block, as plain data: its kind, and its place in another."""

    kind: str
    parent: "Owner | None" = None
    name: str = ""

    def named(self, name: str) -> str:
        """Return the name of one of its parameters, from the outermost module: ``0.weight of Sequential``."""
        owner = self
        for _ in range(MOST_DEEP):
            if owner.parent is None:
                break
            name, owner = f"{owner.name}.{name}", owner.parent
        return f"{name} of {owner.kind}"


class Owners:
    """The modules that register something while the block runs. Keeps none alive."""

    def __init__(self) -> None:
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

    def put_in(self, module: nn.Module, name: str, child: Any) -> None:
        """Note that a module is put into another: a hook of torch's."""
        if isinstance(child, nn.Module):
            owner = self.of(child)
            owner.parent, owner.name = self.of(module), name


class Names:
    """The names of tensors, looked up once for a report."""

    def __init__(self, story: Story):
        self.story = story
        self._alive = story.by_number()
        self._names: dict[int, str] = {}
        for tensor, name in in_modules():
            self._names.setdefault(id(tensor), name)

    def of(self, number: int) -> str:
        """Return what to call a tensor."""
        tensor = self._alive.get(number)
        if tensor is not None:
            return self.of_tensor(tensor)
        shape = self.story.parameters.get(number)
        if shape is None:
            return "a tensor"
        return f"{self._earlier(number) or 'a parameter'} ({shape_of(shape)})"

    def of_tensor(self, tensor: Tensor) -> str:
        """Return what to call a tensor: ``weight of Linear (4 by 3)``."""
        known = self.story.find(tensor)
        name = self._names.get(id(tensor)) or self._earlier(known.number if known else 0)
        name = name or ("a parameter" if isinstance(tensor, nn.Parameter) else "a tensor")
        return f"{name} ({shape_of(tuple(tensor.shape))})"

    def _earlier(self, number: int) -> str:
        """Return what it was called while its module was there."""
        named = self.story.named.get(number)
        return named() if named is not None else ""

    def tensor(self, number: int) -> Tensor | None:
        """Return a tensor that is still there."""
        return self._alive.get(number)
