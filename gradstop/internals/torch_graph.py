"""What drawing a graph uses of torch's insides; ``tests/contracts/test_torch_graph.py``.

Tried with torch 2.13.0, 2.14.1 and 2.15.0.
"""

from collections.abc import Callable, Collection
from types import FunctionType, MappingProxyType
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.autograd.graph import Node

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_functorch = torch._C._functorch
_eval_frame = torch._C._dynamo.eval_frame
_RAISING = frozenset({"Error", "DelayedError", "NotImplemented"})  # of what can't be differentiated, or not once more
# For each node of torch that has no derivative, how many inputs from the first on: tools/autograd/derivatives.yaml.
_NOT_IMPLEMENTED = MappingProxyType(
    {
        "GeqrfBackward": 1,
        "IgammaBackward": 1,
        "IgammacBackward": 1,
        "SpecialZetaBackward": 1,
        "UniqueBackward": 1,
        "Unique2Backward": 1,
        "UniqueDimBackward": 1,
        "UniqueConsecutiveBackward": 1,
        "UniqueDimConsecutiveBackward": 1,
        "StandardGammaGradBackward": 1,
        **({} if torch.__version__ >= "2.14" else {"PdistBackwardBackward": 3, "CdistBackwardBackward": 4}),
        "EmbeddingBagBackwardBackward": 2,
        "EmbeddingBagDenseBackwardBackward": 2,
    }
)
_QUIET = frozenset({"LinalgSlogdetBackward0", "LinalgVectorNormBackward0"})
_REFUSING = frozenset(
    {torch.autograd.Function.backward, torch.autograd.Function.vjp}
)  # those of a class without its own
ENGINE_FUNCTION = "_engine_run_backward"  # the function of torch within which nodes and hooks run
F = TypeVar("F", bound=Callable[..., Any])


# Transforms of torch.func, and forward mode


def unwrap_level(tensor: Tensor) -> tuple[str, Tensor] | None:
    """Return which transform of ``torch.func`` wraps a tensor, and what it wraps; None for a plain one."""
    if not _functorch.is_functorch_wrapped_tensor(tensor):
        return None
    transform = "vmap" if _functorch.is_batchedtensor(tensor) else "a transform of torch.func"
    return transform, _functorch.get_unwrapped(tensor)


def has_tangent(tensor: Tensor) -> bool:
    """Whether a tensor carries a tangent of forward mode."""
    level = torch.autograd.forward_ad._current_level
    try:
        return level >= 0 and torch._VF._unpack_dual(tensor, level=level)[1] is not None
    except RuntimeError:  # of a batch, where what is in it can be asked
        return False


# Nodes

_LONG = 20_000  # nodes
_STACK = 100 << 20  # bytes: for a chain of some 500,000 nodes


def make_room_to_free(nodes: int) -> None:
    """Let the stack of the process grow, where there are many nodes.

    Torch frees a chain of nodes one within the other once Python has seen them; of some 45,000 that overflows the
    stack that a process has by default, and ends it.
    """
    if nodes < _LONG or resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    room = _STACK if hard == resource.RLIM_INFINITY else min(_STACK, hard)
    if soft != resource.RLIM_INFINITY and soft < room:
        resource.setrlimit(resource.RLIMIT_STACK, (room, hard))


def sequence_number(node: Node) -> int:
    """Return by what the engine orders nodes that could run: the largest first."""
    return int(node._sequence_nr())


def first_and_last(register: Callable[..., Any], first: Callable[..., None], last: Callable[..., None]) -> list[Any]:
    """Register two hooks of one kind so that all that are there run between them; return their handles."""
    handles = [register(first), register(last)]
    hooks = handles[0].hooks_dict_ref()
    # Torch goes through them as they were put in; an OrderedDict's own order is another thing.
    for key in [key for key in hooks if key != handles[0].id]:
        hooks[key] = hooks.pop(key)
    return handles


def custom_backward(node: Node) -> Callable[..., Any] | None:
    """Return the ``backward`` of the Python ``autograd.Function`` that made a node, None for another node."""
    function = getattr(node, "_forward_cls", None)
    if function is None:
        return None
    methods = {getattr(function, name) for name in ("backward", "vjp")} - _REFUSING
    return next(iter(methods), None)


def is_once_differentiable(node: Node) -> bool:
    """Whether a node's ``backward`` is one that torch has wrapped so that it has no derivative of its own."""
    backward = custom_backward(node)
    module = getattr(backward, "__globals__", {}).get("__name__")
    return module == torch.autograd.function.__name__ and hasattr(backward, "__wrapped__")


def context_value(node: Node, name: str, otherwise: object) -> Any:
    """Return what the node of a Python ``autograd.Function`` has under a name, as its ``backward`` would read it.

    Raises:
        RuntimeError: torch's own, where reading what was saved raises.

    """
    context: Any = node
    if name in ("saved_tensors", "saved_variables"):
        slots = context._raw_saved_tensors
        hooked = any(slot.unpack_hook is not None for slot in slots)  # to unpack would run it
        return tuple(otherwise for _ in slots) if hooked else context.saved_tensors
    return context.needs_input_grad if name == "needs_input_grad" else vars(context).get(name, otherwise)


def saved_argument(node: Node, name: str) -> Any:
    """Return an argument of the operation that made a node, which is no tensor."""
    return getattr(node, f"_saved_{name}")


def needed_inputs(node: Node) -> tuple[bool, ...]:
    """Return for each argument that the ``forward`` of a Function was given whether it needs a gradient."""
    return tuple(getattr(node, "needs_input_grad", ()))


def takes_zeros(node: Node) -> bool:
    """Whether the ``backward`` of a Function gets zeros where no gradient came, which is the default."""
    function = getattr(node, "_forward_cls", None)
    codes = [getattr(getattr(function, name), "__code__", None) for name in ("forward", "setup_context")]
    return not any(code is not None and "set_materialize_grads" in code.co_names for code in codes)


def why_without_backward(node: Node) -> str:
    """Return why a node's backward always raises, where torch has no derivative, or a Function no ``backward``."""
    name = node.name().rsplit("::", 1)[-1]
    if getattr(node, "_forward_cls", None) is not None:
        return "" if custom_backward(node) else f"the Function {name.removesuffix('Backward')} has no backward"
    targets = [target for target, _ in node.next_functions]
    missing = targets[: _NOT_IMPLEMENTED.get(name.rstrip("0123456789"), 0)]
    if name not in _RAISING and not any(target is not None for target in missing):
        return ""
    return "torch has no derivative here"


def may_send_nothing(node: Node) -> bool:
    """Whether ``sends_nothing`` may hold for a node."""
    return node.name() in _QUIET


def sends_nothing(node: Node, outputs: Collection[int]) -> bool:
    """Whether a node of torch's own sends no gradient on, though one came to these of its outputs."""
    own: Any = node
    if node.name() == "LinalgSlogdetBackward0":  # the sign has no derivative
        return outputs == {0} and own._raw_saved_A.data is not None and not own._raw_saved_A.data.is_complex()
    return node.name() == "LinalgVectorNormBackward0" and own._saved_ord == 0


def gradient_shapes(node: Node) -> list[tuple[tuple[int, ...] | None, torch.dtype | None]]:
    """Return shape and dtype of the gradient that comes to each output of a node; None where there is no one shape."""
    found: list[tuple[tuple[int, ...] | None, torch.dtype | None]] = []
    for one in node._input_metadata:
        plain = not one.is_nested_tensor and not one.is_cpp_nested_tensor
        found.append((tuple(one.shape), one.dtype) if plain else (None, None))
    return found


# Compiling


def untraced(function: F) -> F:
    """Return ``function`` so marked that ``torch.compile`` neither traces it nor what it calls.

    ``torch.compiler.disable`` does the same, and loads the compiler for it, which takes a second.

    Raises:
        TypeError: if it is no Python function.

    """
    if not isinstance(function, FunctionType):
        raise TypeError(f"{function!r} is no Python function")
    why = "it reads live tensors, and there are none while a function is traced"
    vars(function).update(_torchdynamo_disable=True, _torchdynamo_disable_msg=why)
    skip = _eval_frame._FrameAction.SKIP
    _eval_frame.set_code_exec_strategy(function.__code__, _eval_frame._FrameExecStrategy(skip, skip))
    return function
