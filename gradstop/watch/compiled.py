"""A compiled function is one call: what it takes besides its arguments is found here."""

import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from torch import Tensor, nn

from gradstop.graph.source import closure
from gradstop.internals.torch_calls import compiled_calls, no_overrides
from gradstop.watch.calls import Calls
from gradstop.watch.lines import line_of
from gradstop.watch.tensors import tensors_in


class Compiled:
    """Stands around the calls of compiled functions. ``local`` has each thread's mode, which dynamo would trace."""

    def __init__(self, calls: Calls, local: threading.local):
        self.calls, self.local = calls, local
        self._running: dict[int, list[Any]] = {}

    def on(self) -> AbstractContextManager[None]:
        """Stand there while the body runs."""
        return compiled_calls(self._before, self._after)

    def _before(self, function: Callable[..., Any], given: Any) -> None:
        mode = getattr(self.local, "mode", None)
        if mode is not None and self.calls.on:
            mode.__exit__(None, None, None)
            calls = self._running.setdefault(threading.get_ident(), [])
            calls.append((mode, function, given, line_of(sys._getframe(1))))

    def _after(self, result: Any) -> None:
        calls = self._running.get(threading.get_ident())
        if not calls:
            return
        mode, function, given, line = calls.pop()
        mode.__enter__()
        taken = _captured(function)
        module = getattr(function, "__self__", None)
        name = type(module).__name__ if isinstance(module, nn.Module) else getattr(function, "__name__", "function")
        with no_overrides():
            given = [*tensors_in(list(given)), *taken]
            known = [self.calls.story.know(tensor, line) for tensor in given]
            inputs = tuple((its.number, tensor.requires_grad) for its, tensor in zip(known, given, strict=True))
            self.calls.after(line, f"compiled {name}", self.calls.switches.now(), inputs, given, known, result)


def _captured(function: Any) -> list[Tensor]:
    """Return the tensors that a function has besides its arguments, and the parameters of the modules that it has."""
    held = [getattr(function, "__self__", None)]
    code = getattr(function, "__code__", None)
    if code is not None:
        variables = getattr(function, "__globals__", {})
        held += [variables.get(name) for name in code.co_names]
        held += closure(function).values()
    found: dict[int, Tensor] = {}
    for item in held:
        tensors = item.parameters() if isinstance(item, nn.Module) else [item] if isinstance(item, Tensor) else []
        found.update((id(tensor), tensor) for tensor in tensors)
    return list(found.values())
