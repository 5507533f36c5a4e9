"""What a watch writes down, as plain data: a tensor stands here as a number."""

import weakref
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor

from gradstop.watch.lines import Line

NODE_KEY = "gradstop.watch"  # in the metadata of a node: (number of the event, its line, epoch)


class Known(weakref.ref[Tensor]):
    """A tensor that was seen: called, it returns the tensor while that is there. One object, as they are many."""

    __slots__ = ("edited", "first", "line", "memory", "number", "version")
    number: int  # never given again, unlike an ``id``
    memory: int | None
    version: int | None
    line: Line  # where it was last seen
    first: Line  # where it was first seen
    edited: Line | None  # the user's line that last wrote into it
    __eq__ = object.__eq__  # two references are equal where their tensors are: these would be compared
    __hash__ = object.__hash__


class Event(NamedTuple):
    """One call of torch."""

    number: int
    name: str
    line: Line
    off: Line | None  # where grad mode was switched off; None where it is on
    inputs: tuple[tuple[int, bool], ...]  # number, and whether it requires grad
    outputs: tuple[tuple[int, bool], ...]
    written: tuple[int, ...]  # the inputs whose version went up
    memories: tuple[int, ...]  # the memory of each that was written
    versions: tuple[int, ...]  # what the version of each is since
    epoch: int
    note: Any = None
    in_func: bool = False  # inside of torch.func

    @property
    def grad_mode(self) -> bool:
        """Whether it was recorded."""
        return self.off is None

    @property
    def copies(self) -> bool:
        """Whether ``deepcopy`` made the call."""
        library = self.line.library
        return self.name == "__deepcopy__" or (library is not None and library.function == "__deepcopy__")


@dataclass(frozen=True, slots=True)
class OwnMemory:
    """What a tensor was written with, where that is its own memory."""

    number: int  # when it was first seen
    taken: Line
    memory: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that raised."""

    message: str
    name: str
    line: Line
    inputs: tuple[int, ...]
    in_func: bool = False  # inside of torch.func


@dataclass(slots=True)
class Silent:
    """A write that raises no version: a fused step, or one through ``.data``."""

    number: int  # of the first call
    line: Line
    name: str
    memories: set[int]
    epoch: int


@dataclass(frozen=True)
class Stale:
    """A saved tensor that was changed without raising its version: torch compares, and sees nothing."""

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
    none: dict[int, Any] = field(default_factory=dict)  # leaves that got nothing, and what stopped it
    nan: dict[int, Any] = field(default_factory=dict)  # leaves that got NaN, and what made it of finite numbers
    stale: "tuple[Stale, ...]" = ()  # what it used although a fused step had changed it
    accumulates: bool = True  # False for autograd.grad
    creates: bool = False  # the gradients get a history
    failed: bool = False


class Used(NamedTuple):
    """A ``.grad`` that a step has used, and which nothing has cleared since: its state, and what has added to it."""

    state: tuple[int, int | None] | None
    step: Line
    added: Line | None = None


@dataclass(slots=True, eq=False)
class Step:
    """One step of an optimizer."""

    number: int
    line: Line
    optimizer: int
    kind: str
    parameters: tuple[tuple[int, bool, bool], ...]  # number, whether it had a gradient, whether it moved
    still: bool = False  # the learning rate was 0
