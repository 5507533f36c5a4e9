"""What is looked at before and after an optimizer's step: who was driven, who moved, and by what gradient."""

import sys
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from gradstop.internals.torch_calls import no_overrides
from gradstop.watch.empty_list import is_spent, module_of, why_empty
from gradstop.watch.events import Story
from gradstop.watch.guarded import our_own_faults_logged
from gradstop.watch.lines import Line, line_of
from gradstop.watch.records import Event, Step, Used
from gradstop.watch.tensors import state_of, tensors_in, version_of
from gradstop.watch.values import not_zero

MOST_STEPS = 300
_MOVES_AT_ZERO = ("momentum", "weight_decay", "betas")


class AroundStep:
    """Stands around each step of an optimizer."""

    def __init__(self, story: Story):
        self.story = story
        self.driven: dict[int, Line] = {}  # parameter: where its optimizer was made, or stepped
        self.without: dict[int, bool] = {}  # parameters without a gradient at a step: whether they require one
        # Parameters whose gradient a step has used, and the next one too: what has added to it, and the step before.
        self.carried: Counter[tuple[int, Line, Line]] = Counter()
        self.ever_given: set[int] = set()  # parameters that had a gradient at a step
        self.masked: dict[int, tuple[Line, Line, str]] = {}  # moved at zero: where it was zeroed, the step, why
        self.zeroed: dict[int, tuple[Line, Line]] = {}  # whose gradient was written, all zeros: where, and the step
        self.frozen: dict[int, tuple[Line, str]] = {}  # moved while frozen: the step, why
        self.made: dict[Line, int] = {}  # where an optimizer was made, and after which number
        self._before: dict[int, list[Any]] = {}

    def start(self) -> Callable[[], None]:
        """Put the hooks on; return what takes them off."""
        handles = [register_optimizer_step_pre_hook(self._pre), register_optimizer_step_post_hook(self._post)]

        def take_off() -> None:
            for handle in handles:
                handle.remove()

        return take_off

    def making(self, before: Any) -> Any:
        """Return ``Optimizer.__init__`` that also writes down the line."""
        story = self.story

        def init(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            line = line_of(sys._getframe(1))
            given = args[0] if args else kwargs.get("params")
            spent, module = is_spent(given), module_of(given)
            if args and isinstance(args[0], Iterator):
                args = (list(args[0]), *args[1:])  # to be read twice
            try:
                before(optimizer, *args, **kwargs)
            except ValueError:
                with no_overrides():
                    given = tensors_in(args[0] if args else given)
                    story.not_leaves = tuple(story.know(tensor, line).number for tensor in given if not tensor.is_leaf)
                    story.empty = None if given else why_empty(story, spent, module, line)
                raise
            self.made[line] = next(story.numbers)
            story.optimizers[id(optimizer)] = (weakref.ref(optimizer), line)
            with no_overrides():
                for parameter in _parameters(optimizer):
                    self.driven[story.know(parameter, line).number] = line

        return init

    def said_of(self, line: Line, made: str = "the optimizer was made here") -> tuple[str, Line]:
        """Return what a line did for an optimizer: made it, or, where that was before the block, called its step."""
        return (made if line in self.made else "the optimizer steps here", line)

    def _pre(self, optimizer: Any, *_: Any) -> None:
        line = line_of(sys._getframe(1))
        story = self.story
        if id(optimizer) not in story.optimizers or story.optimizers[id(optimizer)][0]() is not optimizer:
            story.optimizers[id(optimizer)] = (weakref.ref(optimizer), line)
        states, still = list[Any](), False
        with our_own_faults_logged(), no_overrides():
            for group in optimizer.param_groups:
                why = next((name for name in _MOVES_AT_ZERO if _acts(group.get(name))), "")
                for parameter in group["params"]:
                    known = story.know(parameter, line)
                    if isinstance(parameter, torch.nn.Parameter):
                        story.note_shape(known.number, parameter)
                    self.driven.setdefault(known.number, story.optimizers[id(optimizer)][1])
                    version = version_of(parameter)
                    if known.version != version:
                        story.unseen.append((known.number, known.line, line))
                        known.version = version
                    given = parameter.grad is not None
                    if given:
                        self.ever_given.add(known.number)
                        self._look_at_zeros(known.number, parameter, line, why)
                    else:
                        self.without[known.number] = parameter.requires_grad
                    gradient = state_of(parameter.grad)
                    used = story.used.get(known.number)
                    if used is not None and used.added is not None and used.state == gradient:
                        self.carried[known.number, used.added, used.step] += 1
                    states.append((weakref.ref(parameter), version, gradient, known.memory))
            still = all("lr" in group and not _acts(group["lr"]) for group in optimizer.param_groups)
        self._before[id(optimizer)] = [line, next(story.numbers), states, still]

    def _look_at_zeros(self, number: int, parameter: Tensor, line: Line, why: str) -> None:
        gradient = parameter.grad
        if gradient is None or gradient.layout != torch.strided:
            return
        if not parameter.requires_grad:
            self.frozen[number] = (line, why)
            return
        known = self.story.find(gradient)
        edited = known.edited if known else None
        if edited is not None and number not in self.zeroed and not not_zero(gradient):
            self.zeroed[number] = (edited, line)
        if edited is None:
            edited = next((at for tensor, at in self.story.hooked.items() if tensor == number), None)
        if why and edited is not None and number not in self.masked and not edited.library:
            with torch.no_grad():
                if bool((gradient == 0).any()):
                    self.masked[number] = (edited, line, why)

    def _post(self, optimizer: Any, *_: Any) -> None:
        line, began, states, still = self._before.pop(id(optimizer), (None, 0, [], False))
        if line is None:
            return
        story, moved, parameters = self.story, [], []
        silent = {id(p) for group in optimizer.param_groups if group.get("fused") for p in group["params"]}
        unseen: set[int] = set()  # the memories that a fused step wrote without raising a version
        with our_own_faults_logged(), no_overrides():
            through_data = {memory for write in story.silent if write.number > began for memory in write.memories}
            for ref, version, gradient, memory in states:
                parameter = ref()
                if parameter is None:
                    continue
                known, given = story.know(parameter, line), gradient is not None
                story.used[known.number] = Used(gradient if gradient == state_of(parameter.grad) else None, line)
                known.version = now = version_of(parameter)
                if parameter.grad is not None:  # by a closure
                    self.ever_given.add(known.number)
                unwritten = given and now == version and id(parameter) in silent
                if unwritten:
                    unseen.add(known.memory or 0)
                written = now != version or unwritten or known.memory != memory or memory in through_data
                parameters.append((known.number, given, written))
                if now != version:
                    moved.append((known.number, known.memory or 0, now or 0))
                known.line = line
        number = next(story.numbers)
        story.steps.append(Step(number, line, id(optimizer), type(optimizer).__name__, tuple(parameters), still))
        del story.steps[:-MOST_STEPS]
        numbers, memories, versions = zip(*moved, strict=True) if moved else ((), (), ())
        name = f"{type(optimizer).__name__}.step"
        if unseen:
            story.wrote_silently(number, line, name, unseen - {0})
        story.add(Event(number, name, line, None, (), (), numbers, memories, versions, story.epoch))


def _acts(value: Any) -> bool:
    return bool(value) if not isinstance(value, Tensor) else True


def _parameters(optimizer: Any) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
