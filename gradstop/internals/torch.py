"""What is used of torch's insides. Tried with torch 2.13.0, 2.14.1 and 2.15.0.

``tests/contracts/test_torch.py``, and ``test_torch_operators.py`` beside it, hold each assumption.

All is looked up once, when this module is imported: what a submission puts in its place later is never called.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.multiprocessing.reductions import StorageWeakRef as StorageWeakRef
from torch.nn.modules import module as _module
from torch.optim import optimizer as _optimizer
from torch.utils import _python_dispatch

from gradstop.internals.cpython import seen, unseen

_C = torch._C
_autograd = _C._autograd

# A tensor, by the descriptors of its base class in C: they answer for it, whatever is patched on it or overridden.

TensorBase = torch._C.TensorBase
no_function_modes = _C.DisableTorchFunction
_no_overrides = _C.DisableTorchFunctionSubclass


def getter(name: str) -> Callable[[Tensor], Any]:
    """Return what reads this attribute of a tensor."""
    get = vars(TensorBase)[name].__get__

    def read(tensor: Tensor) -> Any:
        with _no_overrides():
            return get(tensor)

    return read


def method(name: str) -> Callable[..., Any]:
    """Return what calls this method of a tensor."""
    function = getattr(TensorBase, name)

    def call(tensor: Tensor, *args: Any) -> Any:
        with _no_overrides():
            return function(tensor, *args)

    return call


version: Callable[[Tensor], int] = getter("_version")
view_base: Callable[[Tensor], Tensor | None] = getter("_base")
is_view: Callable[[Tensor], bool] = method("_is_view")
hooks: Callable[[Tensor], Any] = getter("_backward_hooks")
post_accumulate_grad_hooks: Callable[[Tensor], Any] = getter("_post_accumulate_grad_hooks")

_set_hooks = vars(TensorBase)["_backward_hooks"].__set__


def run_shown_hooks_alone(tensor: Tensor) -> None:
    """Have a backward run those hooks of a leaf that it shows: who swaps the insides of two tensors leaves others."""
    with _no_overrides():
        _set_hooks(tensor, hooks(tensor))


# Whether the memory is gone that a ``StorageWeakRef`` names by this number, its ``cdata``.

is_expired: Callable[[Any], Any] = torch.UntypedStorage._expired

# What a node has saved. Torch has two views of it: a slot, whose ``.data`` is the tensor unchecked, and the tensor,
# which to read raises as backward would.

_RAW = "_raw_saved_"
_FREED = "a second time"
_DETACHED = "detached in-place"
_VERSIONS = re.compile(r"is at version (\d+); expected version (\d+)")


def saved_fields(kind: type) -> list[str]:
    """Return the names under which nodes of this type save tensors."""
    return [name.removeprefix(_RAW) for name in dir(kind) if name.startswith(_RAW)]


def saved_slots(node: Node, field: str) -> Any:
    """Return a slot or a tuple of slots.

    Raises:
        RuntimeError: for a tuple that backward has freed.

    """
    return getattr(node, _RAW + field)


def saved_tensors(node: Node, field: str) -> Any:
    """Return a tensor or a tuple of tensors.

    Raises:
        RuntimeError: where backward would.

    """
    return getattr(node, "saved_tensors" if field == "tensors" else f"_saved_{field}")


def says_freed(message: str) -> bool:
    """Whether this is torch's error about a second backward."""
    return _FREED in message


def says_detached(message: str) -> bool:
    """Whether this is torch's error about a saved tensor that was detached in place."""
    return _DETACHED in message


def parse_versions(message: str) -> tuple[int, int] | None:
    """Return the saved and the current version in torch's error about an edit in place, None for another message."""
    found = _VERSIONS.search(message)
    return (int(found[2]), int(found[1])) if found else None


# What hangs on a node.


def node_hooks(node: Node) -> tuple[list[Any], list[Any]]:
    """Return the hooks that run before and after a node.

    Torch shows them to who registers one. An empty list of hooks stays at the node, which changes nothing.
    """
    before, after = [_others_of(register(_no_hook)) for register in (node.register_prehook, node.register_hook)]
    return before, after


def _others_of(handle: Any) -> list[Any]:
    hooks = handle.hooks_dict_ref()
    del hooks[handle.id]
    return [*hooks.values()]


def _no_hook(*_: object) -> None: ...


def hang_on(node: Any) -> OrderedDict[Any, Any]:
    """Return something that lives as long as a node that fills a leaf, and that no hook or name of Python's leads to.

    It is the dictionary of a tensor's hooks, which such a node holds and does not run: it runs those of its leaf.
    """
    held, tensor = OrderedDict[Any, Any](), torch.empty(0)
    tensor._backward_hooks = held
    node._register_hook_dict(tensor)
    return held


# What may be left on: a mode of either kind, or a pair of hooks for saved tensors.

function_mode_count = _C._len_torch_function_stack
push_function_mode = _C._push_on_torch_function_stack
pop_function_mode = _C._pop_torch_function_stack
dispatch_mode_count = _C._len_torch_dispatch_stack
push_dispatch_mode = _python_dispatch._push_mode
pop_dispatch_mode = _python_dispatch._pop_mode
push_saved_tensors_hooks = _autograd._push_saved_tensors_default_hooks
pop_saved_tensors_hooks = _autograd._pop_saved_tensors_default_hooks
_top_saved_tensors_hooks = _autograd._top_saved_tensors_default_hooks


def top_saved_tensors_hooks() -> Any:
    """Return the pair that was put on last, None without any."""
    return _top_saved_tensors_hooks(True)  # also where they are disabled


# Where an operator is looked up, which a thread may have changed for itself: through functions of Python's, or without
# counting what is written in place. Not what grad modes, inference mode and autocasting change of it.

_key = _C.DispatchKey
_included, _include = _C._dispatch_tls_is_dispatch_key_included, _C._dispatch_tls_set_dispatch_key_included
_excluded, _exclude = _C._dispatch_tls_is_dispatch_key_excluded, _C._dispatch_tls_set_dispatch_key_excluded


def look_up_operators_as_usual() -> None:
    """Take off what a guard has left on."""
    if _included(_key.PythonDispatcher):
        _include(_key.PythonDispatcher, False)
    if _excluded(_key.ADInplaceOrView):
        _exclude(_key.ADInplaceOrView, False)


# Settings whose public switch does more.

is_anomaly_enabled, set_anomaly_enabled = _C.is_anomaly_enabled, _C.set_anomaly_enabled

set_grad_enabled = _C._set_grad_enabled
set_deterministic_algorithms = _C._set_deterministic_algorithms  # the public one loads torch._inductor, for a second
saved_tensors_hooks_enabled: Callable[[], bool] = vars(_autograd)["_saved_tensors_hooks_is_enabled"]  # not in its stubs
_enable_saved_tensors_hooks = _autograd._saved_tensors_hooks_enable
_disable_saved_tensors_hooks = _autograd._saved_tensors_hooks_disable


def set_saved_tensors_hooks_enabled(enabled: bool) -> None:
    """Let hooks for saved tensors be put on, or have torch raise RuntimeError where one is."""
    if enabled:
        _enable_saved_tensors_hooks()
    else:
        _disable_saved_tensors_hooks("saved tensor hooks are disabled")


# Modules: the hooks of all, those of all optimizers too, and what each one holds.

global_hooks: tuple[dict[Any, Any], ...] = tuple(
    held
    for module in (_module, _optimizer)
    for name, held in vars(module).items()
    if name.startswith("_global_") and isinstance(held, dict)
)
module_attributes = frozenset(vars(nn.Module()))
_MODULE_HOOKS = tuple(name for name in vars(nn.Module()) if name.endswith("_hooks"))


def module_hooks(module: nn.Module) -> Iterator[tuple[str, Any]]:
    """Yield the hooks of a module by their kind: ("forward_hooks", those that there are)."""
    held = vars(module)
    return ((name.strip("_"), held[name]) for name in _MODULE_HOOKS)


def parameters_of(module: nn.Module) -> dict[str, nn.Parameter | None]:
    """Return a module's own parameters by name; None is one that is registered and not there."""
    return module._parameters


def buffers_of(module: nn.Module) -> dict[str, Tensor | None]:
    """Return a module's own buffers by name."""
    return module._buffers


def hook_step(kind: type[torch.optim.Optimizer]) -> None:
    """Have torch put its own around the ``step`` of a kind of optimizer, as it does when the first one is made."""
    kind._patch_step_function(kind.__new__(kind))


# Operators.

# Where the methods of a tensor, and nn.functional, look up what they call.
namespaces = (torch._tensor, torch._C._nn)


def refuse_registrations(namespace: str, why: str) -> None:
    """Have torch raise RuntimeError where a kernel is registered for an operator of this namespace, from now on.

    Each registration of Python's begins with the one function that is replaced, and found no more: nothing that Python
    shows refers to it. Code in C++ has its own way.
    """
    place = unseen(_C._dispatch_library)

    def refusing(kind: str, name: str, *more: Any) -> Any:
        if name == namespace:
            raise RuntimeError(why)
        return seen(place)(kind, name, *more)

    _C._dispatch_library = refusing  # type: ignore[assignment]


# Compiling.

# What is called for each frame of Python's that begins, and may run other code in its place, or None for nothing; in C.
set_frame_evaluation: Callable[[Any], Any] = _C._dynamo.eval_frame.set_eval_frame


def stop_before_generating_code() -> None:
    """Have ``torch.compile``'s default backend run the graphs of AOTAutograd as they are, from now on.

    What a compiled function does to tensors and their graph is decided there. Inductor would generate code from them,
    which takes a C++ compiler, some ten seconds for a function, and processes of its own.
    """

    def call(_: Any, model: Any, inputs: Any, **__: Any) -> Any:
        from torch._dynamo.backends.debugging import aot_eager

        return aot_eager(model, inputs)

    torch._TorchCompileInductorWrapper.__call__ = call  # type: ignore[method-assign, assignment]
