"""What a watch has seen, as plain data: a tensor stands here as a number, and no event keeps one alive."""

import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import count
from typing import Any

from torch import Tensor
from torch.nn import Parameter

from gradstop.watch.lines import Line
from gradstop.watch.owners import Owner
from gradstop.watch.records import Backward, Event, Known, Refused, Silent, Step, Used
from gradstop.watch.tensors import memory_of, shape_of, version_of
from gradstop.watch.words import Answer

FIRST_LOOK = 64  # calls since the last backward
MOST_SILENT = 20


class Story:
    """All that one watch has seen; what is older than the last ``keep`` calls is forgotten."""

    def __init__(self, keep: int) -> None:
        self.keep = keep
        self.numbers = count(1)
        self.calls = 0
        self.last_backward = 0  # the count of calls at it
        self.kept: dict[Line, Any] = {}  # results that were alive in number
        self.look_at = FIRST_LOOK  # at which count of calls to look for graphs that no backward passes
        # Where torch.func took a derivative: of what; backwards, with respect to what, and whether of constants alone.
        self.differentiated: dict[Line, tuple[tuple[int, ...], tuple[int, ...], bool]] = {}
        self.inside: dict[int, int] = {}  # custom Functions that called something: the number before their calls
        self.epoch = 0  # how often a backward has ended
        self.ended: dict[int, Line] = {}  # the line of the backward that each of the last ones ended with
        self.events: dict[int, Event] = {}
        self._order: deque[int] = deque()  # their numbers: to find a dictionary's first key again and again takes long
        self.maker: dict[int, int] = {}  # tensor: the event that made it
        self.alias: dict[int, int] = {}  # tensor: an earlier one in whose memory it was found
        self.known: dict[int, Known] = {}  # by id
        self.by_memory: dict[int, tuple[Known, ...]] = {}
        self.backwards: list[Backward] = []
        self.steps: list[Step] = []
        self.optimizers: dict[int, tuple[Any, Line]] = {}  # by id: weak reference, the line that made it
        self.unseen: list[tuple[int, Line, Line]] = []  # a tensor that was written between two lines
        self.frozen: dict[int, tuple[bool, Line]] = {}  # tensor: what its flag was set to, and where
        self.handed: set[int] = set()  # tensors whose .grad was set to another tensor
        self.used: dict[int, Used] = {}  # leaves
        self.cleared: dict[int, Line] = {}
        self.cleared_at: dict[int, int] = {}  # after which number
        self.hooked: dict[int, Line] = {}  # tensor: where a hook was put on it
        self.module_hooks: dict[Line, None] = {}  # where hooks for the backward of a module were put on
        self.gradients: dict[int, int] = {}  # what user code has read as a .grad: of which tensor
        self.read_none: list[tuple[int, Line, bool]] = []  # a .grad that was read and is None: where, and of a leaf
        self.refused: Refused | None = None  # the last call that raised
        self.processes: dict[Line, None] = {}  # where others were started: what they call is not seen
        self.empty: Answer | None = None  # why an optimizer got nothing
        self.not_leaves: tuple[int, ...] = ()  # what an optimizer refused
        self.ever_tracked: set[int] = set()  # leaves
        self.parameters: dict[int, tuple[int, ...]] = {}  # their shapes
        self.first_lines: dict[int, Line] = {}  # parameters: where they were first seen
        self.named: dict[int, Callable[[], str]] = {}  # parameters: what returns their names
        self.registered: dict[int, Line] = {}  # parameters: where a module got them
        self.owners: dict[int, Owner] = {}  # parameters: the module that they are in
        self.builders: dict[int, Owner] = {}  # parameters: the module in whose __init__ or forward they were made
        self.in_forward: set[int] = set()  # parameters that were made in a forward
        self.before: dict[int, tuple[weakref.ref[Tensor], Owner, str]] = {}  # by id: what was in a module at the start
        self.early: set[int] = set()  # parameters that were in a module at the start
        self.floats: dict[float, int] = {}  # what item() gave: the tensor it came from
        self.silent: list[Silent] = []  # the last writes that raise no version
        self._most_known = 20_000

    def know(self, tensor: Tensor, line: Line) -> Known:
        """Return what is known of a tensor; to be called inside ``no_overrides``."""
        known = self.known.get(id(tensor))
        if known is not None and known() is tensor:
            return known
        if len(self.known) > self._most_known:
            self._purge()
        self.known.pop(id(tensor), None)  # of a tensor that was in its place, which would lend it its turn
        known = self.known[id(tensor)] = Known(tensor)
        known.number, known.version, known.line, known.first = next(self.numbers), version_of(tensor), line, line
        known.memory = memory = memory_of(tensor)
        known.edited = None
        if memory:
            self._share(memory, known)
        if type(tensor) is not Tensor and isinstance(tensor, Parameter):  # the second takes long to tell
            self.note_shape(known.number, tensor)
            self.first_lines[known.number] = line
            before = self.before.get(id(tensor))
            if before is not None and before[0]() is tensor:
                self.early.add(known.number)
                self.owners[known.number] = before[1]
                self.named[known.number] = partial(before[1].named, before[2])
        return known

    def note_shape(self, number: int, parameter: Tensor) -> None:
        """Note the shape of a parameter, once it has one."""
        shape = shape_of(parameter) if number not in self.parameters else None
        if shape is not None:
            self.parameters[number] = shape

    def _share(self, memory: int, known: Known) -> None:
        """Note who else was found in the same memory."""
        others = self.by_memory.get(memory)
        if others is not None:
            others = tuple(other for other in others if other() is not None)
            if others:
                self.alias[known.number] = others[-1].number
        self.by_memory[memory] = (*others, known) if others else (known,)

    def find(self, tensor: Tensor) -> Known | None:
        """Return what is known of a tensor, None where it was not seen."""
        known = self.known.get(id(tensor))
        return known if known is not None and known() is tensor else None

    def add(self, event: Event) -> None:
        """Keep an event, and forget the oldest."""
        self.events[event.number] = event
        for number, _ in event.outputs:
            self.maker.setdefault(number, event.number)
        self._order.append(event.number)
        if len(self._order) > self.keep:
            oldest = self.events.pop(self._order.popleft())
            for number, _ in oldest.outputs:
                self.maker.pop(number, None)
                self.alias.pop(number, None)

    def wrote_silently(self, number: int, line: Line, name: str, memories: Iterable[int]) -> None:
        """Note a write that raises no version: those of one line in one round are one."""
        last = self.silent[-1] if self.silent else None
        if last is not None and (last.line, last.epoch) == (line, self.epoch):
            last.memories.update(memories)
            return
        self.silent.append(Silent(number, line, name, {*memories}, self.epoch))
        del self.silent[:-MOST_SILENT]

    def applied(self, start: int) -> None:
        """Note the calls since a number as those inside the custom Function whose call is the last."""
        last = self._order[-1] if self._order else 0
        if last > start and len(self._order) > 1 and self._order[-2] > start:
            self.inside[last] = start
            if len(self.inside) > self.keep:
                del self.inside[next(iter(self.inside))]

    def _purge(self) -> None:
        self.known = {key: known for key, known in self.known.items() if known() is not None}
        self.by_memory = {
            memory: alive
            for memory, found in self.by_memory.items()
            if (alive := tuple(known for known in found if known() is not None))
        }
        self._most_known = 20_000 + 2 * len(self.known)

    def alive(self) -> Iterator[tuple[Known, Tensor]]:
        """Yield the tensors that are still there, in the order in which they were seen first."""
        for known in list(self.known.values()):
            tensor = known()
            if tensor is not None:
                yield known, tensor

    def made(self, number: int) -> Event | None:
        """Return the event that made a tensor."""
        return self.events.get(self.maker.get(number, 0))

    def entered(self, number: int) -> tuple[str, Line] | None:
        """Return how a parameter came to be, "copied", "put in" or "made", and where; None where it is not known."""
        made, put = self.made(number), self.registered.get(number)
        if made is not None and made.copies:
            return "copied", made.line
        if put is not None:
            return "put in", put
        return ("made", made.line) if made is not None else None
