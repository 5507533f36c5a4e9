"""What a mode for functions does not see: the engine, custom Functions, new parameters, scripted calls."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from gradstop.internals.torch_calls import (
    engine_runs,
    functions_are_transformed,
    no_overrides,
    replaced,
    scripted_calls,
    scripted_tensors,
)
from gradstop.watch import kinds
from gradstop.watch.around_backward import AroundBackward
from gradstop.watch.calls import Calls
from gradstop.watch.compiled import Compiled
from gradstop.watch.inside_func import InsideFunc
from gradstop.watch.lines import Line, line_of
from gradstop.watch.records import Refused
from gradstop.watch.tensors import tensors_in

_MODULE_HOOKS = ("register_full_backward_hook", "register_full_backward_pre_hook")


class BesideMode:
    """Stands in the place of what a mode does not see. ``local`` has the mode of each thread."""

    def __init__(
        self,
        calls: Calls,
        backwards: AroundBackward,
        inside: InsideFunc,
        local: threading.local,
        made: Callable[[Tensor, Line], None],
    ):
        self.calls, self.backwards, self.inside, self.local = calls, backwards, inside, local
        self.made = made  # is told of each new parameter

    @contextmanager
    def on(self) -> Iterator[None]:
        """Stand there while the body runs."""
        with ExitStack() as stack:
            stack.enter_context(engine_runs(self._engine))
            stack.enter_context(replaced(torch.autograd.Function, "apply", self._apply))
            stack.enter_context(replaced(nn.Parameter, "__new__", self._parameter))
            stack.enter_context(replaced(Tensor, "as_subclass", self._subclass))
            stack.enter_context(replaced(torch, "from_numpy", self._from_numpy))
            for name in ("__enter__", "__exit__"):
                stack.enter_context(replaced(torch.inference_mode, name, self._inference))
            for name in _MODULE_HOOKS:
                stack.enter_context(replaced(nn.Module, name, self._module_hook))
            stack.enter_context(scripted_calls(self._scripted))
            stack.enter_context(Compiled(self.calls, self.local).on())
            yield

    def unwatched(self, line: Line, name: str, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Make a call that ends in the engine."""
        self.local.inside = getattr(self.local, "inside", 0) + 1
        try:
            return function(*args, **kwargs)
        except Exception as error:  # before it came to the engine, too
            with no_overrides():
                numbers = tuple(self.calls.story.know(tensor, line).number for tensor in tensors_in(list(args[:1])))
            self.calls.story.refused = Refused(str(error), name, line, numbers)
            raise
        finally:
            self.local.inside -= 1

    def _engine(self, before: Any) -> Any:
        def run(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            if not self.calls.on:
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
        def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
            call = before.__get__(None, cls)
            if not self.calls.on:
                return call(*args, **kwargs)
            if functions_are_transformed() is not None:
                return self.inside.call(line_of(sys._getframe(1)), f"{cls.__name__}.apply", call, args, kwargs)
            line, start = line_of(sys._getframe(1)), next(self.calls.story.numbers)
            result = self.calls.record(line, f"{cls.__name__}.apply", kinds.CALL, call, args, kwargs)
            self.calls.story.applied(start)
            return result

        return classmethod(apply)

    def _parameter(self, before: Any) -> Any:
        def new(cls: Any, data: Any = None, requires_grad: bool = True) -> Any:
            call = before.__get__(None, cls)
            if not self.calls.on or not isinstance(data, Tensor) or functions_are_transformed() is not None:
                return call(cls, data, requires_grad)
            line = line_of(sys._getframe(1))
            parameter = self.calls.record(line, "Parameter", kinds.CALL, call, (cls, data, requires_grad), {})
            self.made(parameter, line)
            return parameter

        return staticmethod(new)

    def _subclass(self, before: Any) -> Any:
        def as_subclass(tensor: Tensor, cls: Any) -> Any:
            if not self.calls.on or functions_are_transformed() is not None:
                return before(tensor, cls)
            return self.calls.record(line_of(sys._getframe(1)), "as_subclass", kinds.CALL, before, (tensor, cls), {})

        return as_subclass

    def _from_numpy(self, before: Any) -> Any:
        def from_numpy(array: Any) -> Any:
            if not self.calls.on or functions_are_transformed() is not None:
                return before(array)
            return self.calls.record(line_of(sys._getframe(1)), "from_numpy", kinds.CALL, before, (array,), {})

        return from_numpy

    def _inference(self, before: Any) -> Any:
        def switch(context: Any, *args: Any) -> Any:
            frame, name = sys._getframe(1), before.__name__
            on = not context.mode if name == "__enter__" else False
            self.calls.switches.note(context, name, on, frame)
            return before(context, *args)

        return switch

    def _module_hook(self, before: Any) -> Any:
        def register(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            self.calls.story.module_hooks[line_of(sys._getframe(1))] = None
            return before(module, *args, **kwargs)

        return register

    def _scripted(self, before: Any) -> Any:
        def call(scripted: Any, *args: Any, **kwargs: Any) -> Any:
            if not self.calls.on:
                return before(scripted, *args, **kwargs)
            line = line_of(sys._getframe(1))
            taken = (*args, scripted_tensors(scripted))
            name = f"scripted {scripted.name}"
            return self.calls.record(
                line, name, kinds.CALL, lambda *_, **__: before(scripted, *args, **kwargs), taken, kwargs
            )

        return call
