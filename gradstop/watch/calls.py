"""Makes one call of torch and writes it down: what went in and out, what it wrote, at which line."""

import os
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradstop.internals.torch_calls import no_overrides
from gradstop.watch import kinds
from gradstop.watch.events import Story
from gradstop.watch.growth import look_for_kept
from gradstop.watch.guarded import log_our_own
from gradstop.watch.lines import Line
from gradstop.watch.notes import note_of
from gradstop.watch.records import NODE_KEY, Event, Known, Refused
from gradstop.watch.switches import Switches
from gradstop.watch.tensors import history_of, memory_of, tensors_in, version_of

_REBUILT = os.path.join("multiprocessing", "reductions.py")
MOST_UNSEEN = 1_000
MOST_READ = 50
_NOTHING: tuple[int, ...] = ()
_new = tuple.__new__  # an Event without its constructor, which takes longer than all else that is done for one


class Calls:
    """Writes calls to a story, while ``on``."""

    def __init__(self, story: Story, switches: Switches):
        self.story, self.switches, self.on = story, switches, False

    def record(self, line: Line, name: str, kind: int, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Make a call, and write it down."""
        story = self.story
        story.calls += 1
        if story.calls == story.look_at:
            look_for_kept(story, story.kept)
        try:
            given, known, inputs = self._taken(line, name, args, kwargs)
        except Exception:  # a fault of ours never ends the program
            log_our_own()
            return function(*args, **kwargs)
        off = None if torch.is_grad_enabled() else self.switches.now()
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            story.refused = Refused(str(error), name, line, tuple(number for number, _ in inputs))
            raise
        try:
            note = note_of(story, kind, name, args, kwargs, inputs, result) if kind or name in kinds.NOTED else None
            with no_overrides():
                self.after(line, name, off, inputs, given, known, result, note)
        except Exception:
            log_our_own()
        return result

    def _taken(
        self, line: Line, name: str, args: Any, kwargs: Any
    ) -> tuple[list[Tensor], list[Known], tuple[tuple[int, bool], ...]]:
        """Return the tensors that a call takes, what is known of each, and its number and flag."""
        given = tensors_in((args, kwargs) if kwargs else args)
        if name == "new_tensor":  # the first is taken for its dtype alone
            del given[:1]
        with no_overrides():
            known = [self.story.know(tensor, line) for tensor in given]
            for tensor, its in zip(given, known, strict=True):
                version = version_of(tensor)
                if version != its.version:
                    self._unseen(its, line)
                    its.version = version
            return given, known, tuple([(its.number, t.requires_grad) for t, its in zip(given, known, strict=True)])

    def after(
        self,
        line: Line,
        name: str,
        off: Line | None,
        inputs: tuple[tuple[int, bool], ...],
        given: list[Tensor],
        known: list[Known],
        result: Any,
        note: Any = None,
    ) -> None:
        """Write down a call that has been made; to be called inside ``no_overrides``."""
        story = self.story
        number = next(story.numbers)
        written: list[tuple[Known, Tensor]] = []
        for tensor, its in zip(given, known, strict=True):
            version = version_of(tensor)
            if version != its.version:
                its.version, its.edited = version, line
                written.append((its, tensor))
                for other in story.by_memory.get(its.memory or 0, ()):  # those that share the counter are no news
                    if other is not its and (same := other()) is not None:
                        other.version = version_of(same)
            its.line = line
        outputs = []
        for tensor in (result,) if isinstance(result, Tensor) else tensors_in(result):
            its = story.know(tensor, line)
            its.line = line
            tracked = tensor.requires_grad
            outputs.append((its.number, tracked))
            if tracked:
                node = history_of(tensor)
                if node is None:
                    story.ever_tracked.add(its.number)
                else:
                    metadata = node.metadata
                    if NODE_KEY not in metadata:
                        metadata[NODE_KEY] = (number, line, story.epoch)
        if name == "data =":  # no version tells
            known[0].memory = memory_of(given[0])
            written.append((known[0], given[0]))
        changed: tuple[tuple[int, ...], ...] = (_NOTHING, _NOTHING, _NOTHING)
        if written:
            self._note_silent(number, line, name, written)
            made = {tensor for tensor, _ in outputs}
            for its, tensor in written:
                if its.number not in made:
                    outputs.append((its.number, tensor.requires_grad))
                    if (node := history_of(tensor)) is not None and NODE_KEY not in (metadata := node.metadata):
                        metadata[NODE_KEY] = (number, line, story.epoch)  # of a slice that was written
            changed = (
                tuple(its.number for its, _ in written),
                tuple(its.memory or 0 for its, _ in written),
                tuple(its.version or 0 for its, _ in written),
            )
        story.add(_new(Event, (number, name, line, off, inputs, tuple(outputs), *changed, story.epoch, note, False)))

    def _note_silent(self, number: int, line: Line, name: str, written: list[tuple[Known, Tensor]]) -> None:
        """Note what was written through ``.data``: its version is not that of the tensor it came from."""
        story = self.story
        made = (story.made(its.number) for its, _ in written)
        memories = {
            its.memory or 0 for event, (its, _) in zip(made, written, strict=True) if event and event.name == "data"
        }
        if memories - {0}:
            story.wrote_silently(number, line, name, memories - {0})

    def flag(self, kind: int, line: Line, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Set ``requires_grad`` or ``.grad``, and note what to."""
        story = self.story
        try:
            result = function(*args, **kwargs)
        except RuntimeError as error:
            with no_overrides():
                story.refused = Refused(str(error), "requires_grad", line, (story.know(args[0], line).number,))
            raise
        with no_overrides():
            number = story.know(args[0], line).number
            if line.library is not None and line.library.file.endswith(_REBUILT):
                return result  # a worker has sent it
            if kind == kinds.CLEAR and args[1] is not None:
                story.handed.add(number)
                return result
            if kind == kinds.CLEAR:
                story.cleared[number] = line
                story.cleared_at[number] = next(story.numbers)
                return result
            story.frozen[number] = (bool(args[0].requires_grad), line)
            if args[0].is_leaf and args[0].requires_grad:
                story.ever_tracked.add(number)
        return result

    def read(self, tensor: Tensor, gradient: Tensor | None, line: Line) -> None:
        """Note that user code has read a ``.grad``."""
        story = self.story
        with no_overrides():
            if gradient is not None:
                if len(story.gradients) > MOST_UNSEEN:
                    story.gradients.clear()
                story.gradients[story.know(gradient, line).number] = story.know(tensor, line).number
                return
            if not tensor.retains_grad or tensor.is_leaf:
                story.read_none.append((story.know(tensor, line).number, line, tensor.is_leaf))
                del story.read_none[:-MOST_READ]

    def _unseen(self, known: Known, line: Line) -> None:
        if len(self.story.unseen) < MOST_UNSEEN:
            self.story.unseen.append((known.number, known.line, line))
        known.edited = None
