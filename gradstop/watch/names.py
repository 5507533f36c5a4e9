"""What a tensor is called: its name in a model, else its shape."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from gradstop.watch.events import Story
from gradstop.watch.owners import living_modules
from gradstop.watch.tensors import shape_of as sizes_of
from gradstop.watch.words import shape_of


def in_modules() -> Iterator[tuple[Tensor, str]]:
    """Yield the parameters and buffers of all modules that are there, with their names from the outermost module."""
    modules = living_modules()
    inner = {id(child) for module in modules for child in module.children()}
    for module in sorted(modules, key=lambda module: id(module) in inner):
        held: list[Any] = [*module.named_parameters(), *module.named_buffers()]
        for name, tensor in held:
            yield tensor, f"{name} of {type(module).__name__}"


class Names:
    """The names of tensors, looked up once for a report."""

    def __init__(self, story: Story):
        self.story = story
        self._alive = {known.number: known for known, _ in story.alive()}  # a tensor here would be found as held
        self._names: dict[int, str] = {}
        for tensor, name in in_modules():
            self._names.setdefault(id(tensor), name)

    def of(self, number: int) -> str:
        """Return what to call a tensor."""
        tensor = self.tensor(number)
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
        shape = sizes_of(tensor)
        return name if shape is None else f"{name} ({shape_of(shape)})"

    def _earlier(self, number: int) -> str:
        """Return what it was called while its module was there."""
        named = self.story.named.get(number)
        return named() if named is not None else ""

    def is_in_module(self, number: int) -> bool:
        """Whether a module that is there has it, also one that registered nothing, such as a copy."""
        return id(self.tensor(number)) in self._names

    def tensor(self, number: int) -> Tensor | None:
        """Return a tensor that is still there."""
        known = self._alive.get(number)
        return known() if known is not None else None
