"""Puts on what writes down the calls of torch, in this thread and in those that start meanwhile; takes it off again."""

import sys
import threading
import weakref
from contextlib import ExitStack
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.module import (
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from torch.overrides import TorchFunctionMode

from gradstop.internals.torch_calls import FUNC_FOLDER, func_borders, functions_are_transformed, no_overrides, replaced
from gradstop.watch import kinds
from gradstop.watch.around_backward import AroundBackward
from gradstop.watch.around_step import AroundStep
from gradstop.watch.beside_mode import BesideMode
from gradstop.watch.calls import Calls
from gradstop.watch.events import Story
from gradstop.watch.guarded import our_own_faults_logged
from gradstop.watch.inside_func import InsideFunc
from gradstop.watch.lines import USER, Line, kind_of, line_of
from gradstop.watch.on_cards import told_on_cards
from gradstop.watch.owners import Owners
from gradstop.watch.switches import Switches
from gradstop.watch.warned import warned_at_users_line

_OPTIM = torch.optim.__path__[0]


class _Mode(TorchFunctionMode):
    """One for each thread."""

    def __init__(self, recorder: "Recorder"):
        super().__init__()
        self.recorder = recorder

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kind, name = kinds.kind_of(function)
        if kind == kinds.ASK or not self.recorder.calls.on:
            return function(*args, **(kwargs or {}))
        return self.recorder.call(kind, name, function, args, kwargs or {})


class Recorder:
    """Watches this thread, and those that start while it is on."""

    def __init__(self, story: Story):
        self.story = story
        self.switches = Switches()
        self.calls = Calls(story, self.switches)
        self.backwards = AroundBackward(story)
        self.steps = AroundStep(story)
        self.inside = InsideFunc(story, self.switches)
        self.local = threading.local()
        self.beside = BesideMode(self.calls, self.backwards, self.inside, self.local, self._made)
        self._stack = ExitStack()
        self._owners = Owners(story.numbers)

    def start(self) -> None:
        """Put everything on."""
        self.calls.on = True
        stack = self._stack
        stack.enter_context(self.beside.on())
        stack.enter_context(func_borders(self.inside.border, self.inside.differentiated))
        stack.enter_context(replaced(torch.optim.Optimizer, "__init__", self.steps.making))
        stack.enter_context(replaced(threading.Thread, "start", self._starting))
        stack.enter_context(replaced(BaseProcess, "start", self._apart))
        stack.callback(self.steps.start())
        stack.callback(register_module_parameter_registration_hook(self._named).remove)
        stack.callback(register_module_module_registration_hook(self._owners.put_in).remove)
        for tensor, owner, name in self._owners.before():
            self.story.before[id(tensor)] = (weakref.ref(tensor), owner, name)
        stack.enter_context(told_on_cards(self.story))
        stack.enter_context(warned_at_users_line())
        stack.enter_context(self._mode())

    def stop(self) -> None:
        """Take everything off again."""
        self._stack.close()
        self.calls.on = False

    def call(self, kind: int, name: str, function: Any, args: Any, kwargs: Any) -> Any:
        """Make a call that a mode has seen."""
        frame = sys._getframe(2)
        if kind == kinds.READ:
            gradient = function(*args, **kwargs)
            if kind_of(frame.f_code.co_filename) == USER:
                self.calls.read(args[0], gradient, line_of(frame))
            return gradient
        if kind == kinds.BACKWARD:  # it ends in the engine, which is replaced
            return self.beside.unwatched(line_of(frame), name, function, args, kwargs)
        if kind == kinds.MODE:
            self.switches.set(bool(args[0] if args else kwargs.get("mode")), frame)
            return function(*args, **kwargs)
        line = line_of(frame)
        if functions_are_transformed() is not None:
            if frame.f_code.co_filename.startswith(FUNC_FOLDER):
                return function(*args, **kwargs)
            return self.inside.call(line, name, function, args, kwargs)
        if kind == kinds.HOOK:
            with no_overrides():
                self.story.hooked[self.story.know(args[0], line).number] = line
            return function(*args, **kwargs)
        if kind in (kinds.FLAG, kinds.CLEAR):
            return self.calls.flag(kind, line, function, args, kwargs)
        if frame.f_code.co_filename.startswith(_OPTIM) and name != "zero_":
            return function(*args, **kwargs)
        return self.calls.record(line, name, kind, function, args, kwargs)

    def _mode(self) -> _Mode:
        self.local.mode = _Mode(self)
        self.local.inside = 0
        return self.local.mode  # type: ignore[no-any-return]

    def _named(self, module: Any, name: str, parameter: Any) -> None:
        if isinstance(parameter, Tensor):
            line = line_of(sys._getframe(1))
            with our_own_faults_logged(), no_overrides():
                number = self.story.know(parameter, line).number
                story, owner = self.story, self._owners.of(module)
                story.registered[number], story.owners[number] = line, owner
                story.named[number] = partial(owner.named, name)

    def _made(self, parameter: Tensor, line: Line) -> None:
        """Note the module in whose ``__init__`` or ``forward`` a parameter is made."""
        builder = self._owners.builder(sys._getframe(2))
        if builder is not None:
            with no_overrides():
                number = self.story.know(parameter, line).number
            self.story.builders[number] = builder[0]
            if builder[1]:
                self.story.in_forward.add(number)

    def _apart(self, before: Any) -> Any:
        def start(process: BaseProcess) -> None:
            self.story.processes[line_of(sys._getframe(1))] = None
            before(process)

        return start

    def _starting(self, before: Any) -> Any:
        def start(thread: threading.Thread) -> None:
            run = thread.run

            def watched() -> None:
                with self._mode():
                    run()

            if self.calls.on:
                thread.run = watched  # type: ignore[method-assign]
            before(thread)

        return start
