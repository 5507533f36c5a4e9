"""What `gradstop.watch` puts in the place of functions of torch. Tried with torch 2.13.0, 2.14.1 and 2.15.0.

``tests/contracts/test_torch_calls.py`` holds each assumption. All is undone when the block ends.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor
from torch._functorch import eager_transforms

from gradstop.internals.torch_graph import has_tangent, unwrap_level

_C = torch._C
no_overrides = _C.DisableTorchFunctionSubclass
# Without a context of its own, unlike ``internals.torch.version``: the caller is inside ``no_overrides``.
bare_version: Callable[[Tensor], int] = vars(_C.TensorBase)["_version"].__get__
FUNC_FOLDER = eager_transforms.__file__.rpartition("eager_transforms")[0]  # the code of torch.func itself
functions_are_transformed: Callable[[], Any] = _C._functorch.peek_interpreter_stack  # None outside vmap, grad and jvp


@contextmanager
def replaced(owner: Any, name: str, make: Callable[[Any], Any]) -> Iterator[None]:
    """Put ``make(what stands there)`` under a name of a class or module while the body runs."""
    inherited = name not in vars(owner)
    before = getattr(owner, name) if inherited else vars(owner)[name]
    setattr(owner, name, make(before))
    try:
        yield
    finally:
        delattr(owner, name) if inherited else setattr(owner, name, before)


# Where a tensor goes into a level of a transform, or comes out of one: another object, of the same values.
_BORDERS = (
    (eager_transforms, ("_wrap_for_grad", "_unwrap_for_grad")),
    (sys.modules["torch._functorch.vmap"], ("_add_batch_dim", "_remove_batch_dim")),
)


@contextmanager
def func_borders(make: Callable[[Any], Any], differentiated: Callable[[Any], Any]) -> Iterator[None]:
    """Replace what takes tensors into the levels of ``torch.func`` and out again, while the body runs.

    ``differentiated`` makes what stands for the functions that take a gradient, ``(outputs, ...)``, or a tangent,
    ``(output, ...)``: both give zeros for a constant, without a word.
    """
    with ExitStack() as stack:
        for module, names in _BORDERS:
            for name in names:
                stack.enter_context(replaced(module, name, make))
        for name in ("_autograd_grad", "safe_unpack_dual"):
            stack.enter_context(replaced(eager_transforms, name, differentiated))
        yield


def levels_of(tensor: Tensor) -> Iterator[Tensor]:
    """Yield a tensor as each level of ``torch.func`` sees it, from the innermost."""
    yield tensor
    while (inner := unwrap_level(tensor)) is not None:
        tensor = inner[1]
        yield tensor


def is_tracked(tensor: Tensor) -> bool:
    """Whether a level records what is done with a tensor, for a backward or forwards."""
    return any(its.requires_grad or has_tangent(its) for its in levels_of(tensor))


def engine_runs(make: Callable[[Any], Any]) -> Any:
    """Replace what ``backward`` and ``torch.autograd.grad`` run the engine by, while the body runs.

    It is called as ``(tensors, gradients, retain, create, inputs, allow_unreachable=, accumulate_grad=)``.
    """
    return replaced(torch.autograd, "_engine_run_backward", make)


@contextmanager
def compiled_calls(before: Callable[[Any, Any], None], after: Callable[[Any], None]) -> Iterator[None]:
    """Call ``before(function, arguments)`` and ``after(result)`` around each call of a compiled function.

    Dynamo would trace a mode that is on. Where it is not loaded yet, ``torch.compile`` loads it.
    """
    name = "torch._dynamo.eval_frame"
    running: set[int] = set()  # the frames of the calls that run

    def make(switch: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def switched(callback: Any) -> Any:
            frame = sys._getframe(1)
            if id(frame) in running:
                running.discard(id(frame))
                after(frame.f_locals.get("result"))
            elif callable(callback) and frame.f_code.co_name == "compile_wrapper":  # others switch dynamo off and on
                held = frame.f_locals
                before(held.get("fn"), (held.get("args"), held.get("kwargs")))
                running.add(id(frame))
            return switch(callback)

        return switched

    with ExitStack() as stack:
        put_on: set[str] = set()

        def put_on_where_loaded() -> None:  # an optimizer loads it too
            if name in sys.modules and name not in put_on:
                put_on.add(name)
                stack.enter_context(replaced(sys.modules[name], "_maybe_set_eval_frame", make))

        def compiling(compile_: Callable[..., Any]) -> Callable[..., Any]:
            def compiled(*args: Any, **kwargs: Any) -> Any:
                result = compile_(*args, **kwargs)
                put_on_where_loaded()
                return result

            return compiled

        stack.enter_context(replaced(torch, "compile", compiling))
        put_on_where_loaded()
        yield


@contextmanager
def scripted_calls(make: Callable[[Any], Any]) -> Iterator[None]:
    """Replace what a call of a scripted or traced function, and of a method of such a module, is made by."""
    with replaced(_C.ScriptFunction, "__call__", make), replaced(_C.ScriptMethod, "__call__", make):
        yield


def scripted_tensors(scripted: Any) -> list[Tensor]:
    """Return the parameters of the module that a scripted method is of; none for a function."""
    found, modules = [], [scripted.owner] if hasattr(scripted, "owner") else []
    while modules:
        module = modules.pop()
        found += [tensor for _, tensor in _C.ParameterDict(module).items()]  # type: ignore[attr-defined]
        modules += [child for _, child in _C.ModuleDict(module).items()]
    return found
