"""Follows the calls inside of torch.func's transforms, and the tensors into their levels and out again."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from gradstop.internals.torch_calls import is_tracked, levels_of, no_overrides
from gradstop.watch.events import Story
from gradstop.watch.guarded import log_our_own
from gradstop.watch.kinds import BORDER, FACTORIES, FACTORS
from gradstop.watch.lines import Line, line_of
from gradstop.watch.notes import factor
from gradstop.watch.records import NODE_KEY, Event, Refused
from gradstop.watch.switches import Switches
from gradstop.watch.tensors import history_of, tensors_in

MOST_NOTED = 50
_NOTHING: tuple[int, ...] = ()


class InsideFunc:
    """Stands around the calls there: a tensor has a history there where one of the levels records it."""

    def __init__(self, story: Story, switches: Switches):
        self.story, self.switches = story, switches

    def call(self, line: Line, name: str, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Make a call, and write it down."""
        given = tensors_in((args, kwargs) if kwargs else args)
        with no_overrides():
            inputs = self._numbers(given, line)
        off = self.switches.now()
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            self.story.refused = Refused(str(error), name, line, tuple(number for number, _ in inputs), True)
            raise
        self._write(name, line, off, inputs, given, result, args)
        return result

    def border(self, before: Callable[..., Any]) -> Any:
        """Return what takes a tensor into a level or out of it, which also notes that both have the same values."""

        def border(tensor: Any, *args: Any) -> Any:
            result = before(tensor, *args)
            if result is not tensor and isinstance(tensor, Tensor):
                line = line_of(sys._getframe(1))
                with no_overrides():
                    inputs = self._numbers([tensor], line)
                self._write(BORDER, line, None, inputs, [tensor], result)
            return result

        return border

    def differentiated(self, before: Callable[..., Any]) -> Any:
        """Return what takes gradients or tangents there, which also notes of what."""

        def differentiated(outputs: Any, *args: Any, **kwargs: Any) -> Any:
            line = line_of(sys._getframe(1))
            if len(self.story.differentiated) < MOST_NOTED:
                backwards = before.__name__ == "_autograd_grad"
                with no_overrides():
                    found = [self._numbers(tensors_in(given), line) for given in (outputs, args[:1])]
                    constant = backwards and not any(tensor.requires_grad for tensor in tensors_in(outputs))
                out, by = (tuple(number for number, _ in numbers) for numbers in found)
                self.story.differentiated.setdefault(line, (out, by, constant))
            return before(outputs, *args, **kwargs)

        return differentiated

    def _numbers(self, tensors: Sequence[Tensor], line: Line) -> tuple[tuple[int, bool], ...]:
        try:
            return numbers_of(self.story, tensors, line)
        except Exception:  # a fault of ours never ends the program
            log_our_own()
            return ()

    def _write(
        self, name: str, line: Line, off: Line | None, inputs: Any, given: Sequence[Tensor], result: Any, args: Any = ()
    ) -> None:
        story = self.story
        story.calls += name != BORDER
        try:
            with no_overrides():
                number = next(story.numbers)
                in_place = given and (name == "__setitem__" or (name.endswith("_") and not name.endswith("__")))
                made = [given[0]] if in_place else tensors_in(result)
                outputs = numbers_of(story, made, line)
                written, unknown = ((outputs[0][0],), (0,)) if in_place else (_NOTHING, _NOTHING)
                for tensor in made:
                    for its in levels_of(tensor):
                        if (node := history_of(its)) is not None:
                            node.metadata.setdefault(NODE_KEY, (number, line, story.epoch))
                note = () if name in FACTORIES else factor(args) if name in FACTORS else None
                writes = (written, unknown, unknown)
                story.add(Event(number, name, line, off, inputs, outputs, *writes, story.epoch, note, True))
        except Exception:
            log_our_own()


def numbers_of(story: Story, tensors: Sequence[Tensor], line: Line) -> tuple[tuple[int, bool], ...]:
    """Return the numbers of some tensors, and whether a level records each."""
    return tuple((story.know(tensor, line).number, is_tracked(tensor)) for tensor in tensors)


def gradients(
    story: Story, line: Line, roots: Sequence[Tensor], asked: Sequence[Tensor], creates: bool, found: Any
) -> None:
    """Write down a call of ``torch.autograd.grad``: what it gives is a constant, unless it creates a graph."""
    with no_overrides():
        inputs, outputs = numbers_of(story, (*roots, *asked), line), numbers_of(story, tensors_in(found), line)
        number = next(story.numbers)
        story.add(Event(number, "autograd.grad", line, None, inputs, outputs, (), (), (), story.epoch, creates))
