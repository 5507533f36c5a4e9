"""What a watch has seen, as plain data: a tensor stands here as a number, and no event keeps one alive."""

import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from torch import Tensor
from torch.nn import Parameter

from gradstop.internals.torch_calls import bare_version
from gradstop.watch.lines import Line


@dataclass(slots=True, eq=False)
class Known:
    """A tensor that was seen. ``number`` is never given again, unlike an ``id``."""

    number: int
    ref: "weakref.ref[Tensor]"
    memory: int | None
    version: int | None
    line: Line  # where it was last seen
    first: Line  # where it was first seen
    edited: Line | None = None  # the user's line that last wrote into it


@dataclass(slots=True, eq=False)
class Event:
    """One call of torch."""

    number: int
    name: str
    line: Line
    grad_mode: bool
    inputs: tuple[tuple[int, bool], ...]  # number, and whether it requires grad
    outputs: tuple[tuple[int, bool], ...]
    written: tuple[int, ...]  # the inputs whose version went up
    memories: tuple[int, ...]  # the memory of each that was written
    versions: tuple[int, ...]  # what the version of each is since
    epoch: int
    note: Any = None


@dataclass(frozen=True)
class Stale:
    """A saved tensor that a fused step changed without raising its version: torch compares, and sees nothing."""

    memory: int
    saved: Line
    step: Line
    by: str


@dataclass(slots=True, eq=False)
class Backward:
    """One backward."""

    number: int
    line: Line
    roots: tuple[int, ...]
    passed: frozenset[int]  # the numbers of the events whose nodes it went through
    kept: bool  # the graph was retained
    filled: tuple[int, ...] = ()  # the leaves
    first: tuple[int, ...] = ()  # of these, whose .grad was None before
    zero: dict[int, Any] = field(default_factory=dict)  # leaves that got zeros only, and what made them
    stale: "tuple[Stale, ...]" = ()  # what it used although a fused step had changed it
    accumulates: bool = True  # False for autograd.grad
    failed: bool = False


@dataclass(slots=True, eq=False)
class Step:
    """One step of an optimizer."""

    number: int
    line: Line
    optimizer: int
    kind: str
    parameters: tuple[tuple[int, bool, bool], ...]  # number, whether it had a gradient, whether it moved


NODE_KEY = "gradstop.watch"  # in the metadata of a node: (number of the event, its line, epoch)


class Story:
    """All that one watch has seen; what is older than the last ``keep`` calls is forgotten."""

    def __init__(self, keep: int) -> None:
        self.keep = keep
        self.numbers = count(1)
        self.calls = 0
        self.calls_inside = 0  # of torch.func's transforms, which are not followed
        self.epoch = 0
        self.events: dict[int, Event] = {}
        self.maker: dict[int, int] = {}  # tensor: the event that made it
        self.alias: dict[int, int] = {}  # tensor: an earlier one in whose memory it was found
        self.known: dict[int, Known] = {}  # by id
        self.by_memory: dict[int, list[Known]] = {}
        self.backwards: list[Backward] = []
        self.steps: list[Step] = []
        self.optimizers: dict[int, tuple[Any, Line]] = {}  # by id: weak reference, the line that made it
        self.unseen: list[tuple[int, Line, Line]] = []  # a tensor that was written between two lines
        self.frozen: dict[int, tuple[bool, Line]] = {}  # tensor: what its flag was set to, and where
        self.cleared: dict[int, Line] = {}
        self.hooked: dict[int, Line] = {}  # tensor: where a hook was put on it
        self.ever_tracked: set[int] = set()  # leaves
        self.parameters: dict[int, tuple[int, ...]] = {}  # their shapes
        self.named: dict[int, Callable[[], str]] = {}  # parameters: what returns their names
        self.registered: dict[int, Line] = {}  # parameters: where a module got them
        self.named_before: dict[int, tuple[weakref.ref[Tensor], str]] = {}  # by id: what was in a module at the start
        self.floats: dict[float, int] = {}  # what item() gave: the tensor it came from
        self.silent: list[tuple[int, Line, str, frozenset[int]]] = []  # fused steps: number, line, name, memories
        self.off: list[tuple[int, Line]] = []  # where grad mode was switched off, and after which number
        self._most_known = 20_000

    def know(self, tensor: Tensor, line: Line) -> Known:
        """Return what is known of a tensor; to be called inside ``no_overrides``."""
        known = self.known.get(id(tensor))
        if known is not None and known.ref() is tensor:
            return known
        if len(self.known) > self._most_known:
            self._purge()
        memory = _memory(tensor)
        known = Known(next(self.numbers), weakref.ref(tensor), memory, version_of(tensor), line, line)
        if memory:
            others = self.by_memory.get(memory)
            if others is None:
                self.by_memory[memory] = [known]
            else:
                others[:] = [other for other in others if other.ref() is not None]
                if others:
                    self.alias[known.number] = others[-1].number
                others.append(known)
        if isinstance(tensor, Parameter):
            self.parameters[known.number] = tuple(tensor.shape)
            before = self.named_before.get(id(tensor))
            if before is not None and before[0]() is tensor:
                self.named[known.number] = partial(str, before[1])
        self.known[id(tensor)] = known
        return known

    def find(self, tensor: Tensor) -> Known | None:
        """Return what is known of a tensor, None where it was not seen."""
        known = self.known.get(id(tensor))
        return known if known is not None and known.ref() is tensor else None

    def add(self, event: Event) -> None:
        """Keep an event, and forget the oldest."""
        self.events[event.number] = event
        for number, _ in event.outputs:
            self.maker.setdefault(number, event.number)
        if len(self.events) > self.keep:
            oldest = self.events.pop(next(iter(self.events)))
            for number, _ in oldest.outputs:
                self.maker.pop(number, None)
                self.alias.pop(number, None)

    def _purge(self) -> None:
        self.known = {key: known for key, known in self.known.items() if known.ref() is not None}
        self.by_memory = {
            memory: alive
            for memory, found in self.by_memory.items()
            if (alive := [known for known in found if known.ref() is not None])
        }
        self._most_known = 20_000 + 2 * len(self.known)

    def alive(self) -> Iterator[tuple[Known, Tensor]]:
        """Yield the tensors that are still there."""
        for known in list(self.known.values()):
            tensor = known.ref()
            if tensor is not None:
                yield known, tensor

    def by_number(self) -> dict[int, Tensor]:
        """Return the tensors that are still there, by their numbers."""
        return {known.number: tensor for known, tensor in self.alive()}

    def made(self, number: int) -> Event | None:
        """Return the event that made a tensor."""
        return self.events.get(self.maker.get(number, 0))

    def switched_off(self, event: Event) -> Line | None:
        """Return where grad mode was switched off before a call that was not recorded."""
        return next((line for number, line in reversed(self.off) if number < event.number), None)


def _memory(tensor: Tensor) -> int | None:
    try:
        return tensor.untyped_storage().data_ptr() or None
    except (RuntimeError, NotImplementedError):  # a tensor without a storage: sparse, in vmap, fake
        return None


def version_of(tensor: Tensor) -> int | None:
    """Return the version, None for an inference tensor; to be called inside ``no_overrides``."""
    try:
        return bare_version(tensor)
    except RuntimeError:
        return None


def tensors_in(value: Any, depth: int = 4) -> Iterable[Tensor]:
    """Yield the tensors in arguments: in lists, tuples and dictionaries too."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            if isinstance(item, Tensor):
                yield item
            elif depth and isinstance(item, list | tuple | dict):
                yield from tensors_in(item, depth - 1)
    elif isinstance(value, dict):
        for item in value.values():
            if isinstance(item, Tensor):
                yield item
            elif depth and isinstance(item, list | tuple | dict):
                yield from tensors_in(item, depth - 1)
