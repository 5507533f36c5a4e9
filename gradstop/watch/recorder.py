"""Writes down each call of torch while it is on: a mode for functions, and what a mode does not see."""

import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.module import (
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from torch.overrides import TorchFunctionMode

from gradstop.internals.torch_calls import (
    compiled_calls,
    engine_runs,
    functions_are_transformed,
    no_overrides,
    replaced,
    scripted_calls,
    scripted_tensors,
)
from gradstop.watch import kinds
from gradstop.watch.around_backward import AroundBackward
from gradstop.watch.around_step import AroundStep
from gradstop.watch.events import NODE_KEY, Event, Known, Story, tensors_in, version_of
from gradstop.watch.lines import Line, line_of
from gradstop.watch.names import Owners, in_modules
from gradstop.watch.on_cards import told_on_cards

_OPTIM = torch.optim.__path__[0]
MOST_FLOATS = 2_000


class _Mode(TorchFunctionMode):
    """One for each thread."""

    def __init__(self, recorder: "Recorder"):
        super().__init__()
        self.recorder = recorder

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kind, name = kinds.kind_of(function)
        if kind == kinds.ASK or not self.recorder.on:
            return function(*args, **(kwargs or {}))
        if functions_are_transformed() is not None:
            self.recorder.story.calls_inside += 1
            return function(*args, **(kwargs or {}))
        return self.recorder.call(kind, name, function, args, kwargs or {})


class Recorder:
    """Watches this thread, and those that start while it is on."""

    def __init__(self, story: Story):
        self.story, self.on = story, False
        self.backwards = AroundBackward(story)
        self.steps = AroundStep(story)
        self.local = threading.local()
        self._stack = ExitStack()
        self._owners = Owners()
        self._compiled: dict[int, list[Any]] = {}

    def start(self) -> None:
        """Put everything on."""
        self.on = True
        stack = self._stack
        stack.enter_context(engine_runs(self._engine))
        stack.enter_context(replaced(torch.autograd.Function, "apply", self._apply))
        stack.enter_context(replaced(torch.optim.Optimizer, "__init__", self.steps.making))
        stack.enter_context(replaced(threading.Thread, "start", self._starting))
        stack.enter_context(scripted_calls(self._scripted))
        stack.enter_context(compiled_calls(self._before_compiled, self._after_compiled))
        stack.callback(self.steps.start())
        stack.callback(register_module_parameter_registration_hook(self._named).remove)
        stack.callback(register_module_module_registration_hook(self._owners.put_in).remove)
        for tensor, name in in_modules():
            self.story.named_before.setdefault(id(tensor), (weakref.ref(tensor), name))
        stack.enter_context(told_on_cards(self.story))
        stack.enter_context(self._mode())

    def stop(self) -> None:
        """Take everything off again."""
        self._stack.close()
        self.on = False

    def _mode(self) -> _Mode:
        self.local.mode = _Mode(self)
        self.local.inside = 0
        return self.local.mode  # type: ignore[no-any-return]

    def _named(self, module: Any, name: str, parameter: Any) -> None:
        if isinstance(parameter, Tensor):
            line = line_of(sys._getframe(1))
            with no_overrides():
                number = self.story.know(parameter, line).number
            self.story.registered[number] = line
            self.story.named[number] = partial(self._owners.of(module).named, name)

    # A call

    def call(self, kind: int, name: str, function: Any, args: Any, kwargs: Any) -> Any:
        """Make a call, and write it down."""
        if kind == kinds.BACKWARD:  # it ends in the engine, which is replaced
            return self._unwatched(function, args, kwargs)
        frame = sys._getframe(2)
        line = line_of(frame)
        if kind == kinds.MODE:
            if args and args[0] is False and frame.f_code.co_name != "__exit__":
                self.story.off.append((next(self.story.numbers), line))
                del self.story.off[:-50]
            return function(*args, **kwargs)
        if kind == kinds.HOOK:
            with no_overrides():
                self.story.hooked[self.story.know(args[0], line).number] = line
            return function(*args, **kwargs)
        if kind in (kinds.FLAG, kinds.CLEAR):
            return self._flag(kind, line, function, args, kwargs)
        if frame.f_code.co_filename.startswith(_OPTIM) and name != "zero_":
            return function(*args, **kwargs)
        return self._record(line, name, kind, function, args, kwargs)

    def _unwatched(self, function: Any, args: Any, kwargs: Any) -> Any:
        self.local.inside = getattr(self.local, "inside", 0) + 1
        try:
            return function(*args, **kwargs)
        finally:
            self.local.inside -= 1

    def _flag(self, kind: int, line: Line, function: Any, args: Any, kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        story = self.story
        with no_overrides():
            number = story.know(args[0], line).number
            if kind == kinds.FLAG:
                story.frozen[number] = (bool(args[0].requires_grad), line)
                if args[0].is_leaf and args[0].requires_grad:
                    story.ever_tracked.add(number)
            elif args[1] is None:
                story.cleared[number] = line
        return result

    def _record(self, line: Line, name: str, kind: int, function: Any, args: Any, kwargs: Any) -> Any:
        story = self.story
        story.calls += 1
        pairs, inputs = [], []
        with no_overrides():
            for tensor in tensors_in((args, kwargs) if kwargs else args):
                known = story.know(tensor, line)
                version = version_of(tensor)
                if version != known.version:
                    self._unseen(known, line)
                    known.version = version
                pairs.append((known, tensor))
                inputs.append((known.number, tensor.requires_grad))
        grad_mode = torch.is_grad_enabled()
        result = function(*args, **kwargs)
        with no_overrides():
            self._after(line, name, kind, grad_mode, tuple(inputs), pairs, (args, kwargs), result)
        return result

    def _after(
        self,
        line: Line,
        name: str,
        kind: int,
        grad_mode: bool,
        inputs: tuple[tuple[int, bool], ...],
        given: list[tuple[Known, Tensor]],
        called: tuple[Any, Any],
        result: Any,
    ) -> None:
        story = self.story
        number = next(story.numbers)
        written, memories, versions = [], [], []
        for known, tensor in given:
            version = version_of(tensor)
            if version != known.version:
                known.version, known.edited = version, line
                written.append(known.number)
                memories.append(known.memory or 0)
                versions.append(version or 0)
                for other in story.by_memory.get(known.memory or 0, ()):  # those that share the counter are no news
                    if other is not known and (same := other.ref()) is not None:
                        other.version = version_of(same)
            known.line = line
        outputs: list[tuple[int, bool]] = []
        for tensor in (result,) if isinstance(result, Tensor) else tensors_in(result):
            known = story.know(tensor, line)
            outputs.append((known.number, tensor.requires_grad))
            known.line = line
            if tensor.requires_grad:
                node: Any = tensor.grad_fn
                if node is not None and NODE_KEY not in node.metadata:
                    node.metadata[NODE_KEY] = (number, line, story.epoch)
                elif node is None:
                    story.ever_tracked.add(known.number)
        note = None
        if kind == kinds.LEAVE and isinstance(result, float) and inputs:
            if len(story.floats) > MOST_FLOATS:
                story.floats.clear()
            story.floats[result] = inputs[0][0]
        elif name in kinds.FACTORIES and not inputs and called[0]:
            note = self._from_floats(called[0][0])
        elif name in ("batch_norm", "instance_norm"):
            note = _is_training(*called)  # whether it moves the running statistics; no version tells
        if written:
            made = {tensor for tensor, _ in outputs}
            outputs += [(k.number, t.requires_grad) for k, t in given if _is_new(k, written, made)]
        changed = (tuple(written), tuple(memories), tuple(versions)) if written else ((), (), ())
        story.add(Event(number, name, line, grad_mode, inputs, tuple(outputs), *changed, story.epoch, note))

    def _unseen(self, known: Known, line: Line) -> None:
        if len(self.story.unseen) < 1_000:
            self.story.unseen.append((known.number, known.line, line))
        known.edited = None

    def _from_floats(self, value: Any) -> Any:
        """Return the tensors whose ``item()`` these numbers are."""
        values = value if isinstance(value, list | tuple) else [value]
        return tuple(self.story.floats[v] for v in values[:100] if isinstance(v, float) and v in self.story.floats)

    # What a mode does not see

    def _engine(self, before: Any) -> Any:
        def run(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            if not self.on:
                return before(tensors, *args, **kwargs)
            line = line_of(sys._getframe(1))
            if not getattr(self.local, "inside", 0):
                return self.backwards.run(line, before, tensors, args, kwargs)
            inside, self.local.inside = self.local.inside, 0
            try:  # what hooks, checkpoints and Functions call in a backward is seen too
                return self.backwards.run(line, self._with_mode(before), tensors, args, kwargs)
            finally:
                self.local.inside = inside

        return run

    def _with_mode(self, before: Any) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            with self.local.mode:
                return before(*args, **kwargs)

        return run

    def _apply(self, before: Any) -> Any:
        recorder = self

        def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
            call = before.__get__(None, cls)
            if not recorder.on or functions_are_transformed() is not None:
                return call(*args, **kwargs)
            line = line_of(sys._getframe(1))
            return recorder._record(line, f"{cls.__name__}.apply", kinds.CALL, call, args, kwargs)

        return classmethod(apply)

    def _scripted(self, before: Any) -> Any:
        recorder = self

        def call(scripted: Any, *args: Any, **kwargs: Any) -> Any:
            if not recorder.on:
                return before(scripted, *args, **kwargs)
            line = line_of(sys._getframe(1))
            taken = (*args, scripted_tensors(scripted))
            name = f"scripted {scripted.name}"
            return recorder._record(line, name, kinds.CALL, lambda *_: before(scripted, *args, **kwargs), taken, kwargs)

        return call

    def _starting(self, before: Any) -> Any:
        def start(thread: threading.Thread) -> None:
            run = thread.run

            def watched() -> None:
                with self._mode():
                    run()

            if self.on:
                thread.run = watched  # type: ignore[method-assign]
            before(thread)

        return start

    def _before_compiled(self, function: Callable[..., Any], given: Any) -> None:
        mode = getattr(self.local, "mode", None)
        if mode is not None and self.on:
            mode.__exit__(None, None, None)
            calls = self._compiled.setdefault(threading.get_ident(), [])
            calls.append((mode, function, given, line_of(sys._getframe(1))))

    def _after_compiled(self, result: Any) -> None:
        calls = self._compiled.get(threading.get_ident())
        if calls:
            mode, function, given, line = calls.pop()
            mode.__enter__()
            module = getattr(function, "__self__", None)
            taken = list(module.parameters()) if isinstance(module, torch.nn.Module) else []
            name = getattr(function, "__name__", "function")
            with no_overrides():
                given = [*tensors_in(list(given)), *taken]
                known = [self.story.know(tensor, line) for tensor in given]
                inputs = tuple((k.number, t.requires_grad) for k, t in zip(known, given, strict=True))
                pairs = list(zip(known, given, strict=True))
                self._after(
                    line, f"compiled {name}", kinds.CALL, torch.is_grad_enabled(), inputs, pairs, ((), {}), result
                )


def _is_new(known: Known, written: list[int], made: set[int]) -> bool:
    """Whether what was written is no output yet."""
    return known.number in written and known.number not in made


def _is_training(args: Any, kwargs: Any) -> bool:
    """Whether a normalisation is called in training mode."""
    given = args[5] if len(args) > 5 else kwargs.get("training", kwargs.get("use_input_stats", False))
    return bool(given)
