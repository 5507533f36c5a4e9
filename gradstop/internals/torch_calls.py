"""What `gradstop.watch` puts in the place of functions of torch. Tried with torch 2.13.0.

``tests/contracts/test_torch_calls.py`` holds each assumption. All is undone when the block ends.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

_C = torch._C
no_overrides = _C.DisableTorchFunctionSubclass
# Without a context of its own, unlike ``internals.torch.version``: the caller is inside ``no_overrides``.
bare_version: Callable[[Tensor], int] = vars(_C.TensorBase)["_version"].__get__
functions_are_transformed: Callable[[], Any] = _C._functorch.peek_interpreter_stack  # None outside vmap, grad and jvp


@contextmanager
def replaced(owner: Any, name: str, make: Callable[[Any], Any]) -> Iterator[None]:
    """Put ``make(what stands there)`` under a name of a class or module while the body runs."""
    before = vars(owner)[name]
    setattr(owner, name, make(before))
    try:
        yield
    finally:
        setattr(owner, name, before)


def engine_runs(make: Callable[[Any], Any]) -> Any:
    """Replace what ``backward`` and ``torch.autograd.grad`` run the engine by, while the body runs.

    It is called as ``(tensors, gradients, retain, create, inputs, allow_unreachable=, accumulate_grad=)``.
    """
    return replaced(torch.autograd, "_engine_run_backward", make)


@contextmanager
def compiled_calls(before: Callable[[Any, Any], None], after: Callable[[], None]) -> Iterator[None]:
    """Call ``before(function, arguments)`` and ``after()`` around each call of a compiled function.

    Dynamo would trace a mode that is on. A function that is first compiled while the body runs is one too, unless
    ``torch._dynamo`` was not loaded: then ``torch.compile`` loads it.
    """
    frames = sys.modules.get("torch._dynamo.eval_frame")
    if frames is None:
        yield
        return

    def make(switch: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def switched(callback: Any) -> Any:
            if callable(callback):
                held = sys._getframe(1).f_locals
                before(held.get("fn"), (held.get("args"), held.get("kwargs")))
            else:
                after()
            return switch(callback)

        return switched

    with replaced(frames, "_maybe_set_eval_frame", make):
        yield
