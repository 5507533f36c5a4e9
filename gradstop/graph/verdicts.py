"""What code within a backward does to the gradients that come to it: a hook, or the ``backward`` of a Function."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node
from torch.utils.hooks import BackwardHook

from gradstop.graph.follow import Ending, follow
from gradstop.graph.follow_live import UNKNOWN
from gradstop.graph.source import closure
from gradstop.internals.torch_graph import gradient_shapes

Hook = Callable[..., Any]
Came = Sequence[Any]  # for each gradient a tensor of the meta device, None where none came, or UNKNOWN


@dataclass(frozen=True)
class Verdict:
    """What is known of the gradients that leave some code.

    Attributes:
        comes: for each of them True, False, or None where it may come and may not.
        raises: True, False, or None where one way through the code does.
        is_followed: whether all that the code does is known.

    """

    comes: tuple[bool | None, ...]
    raises: bool | None = False
    is_followed: bool = True


def hook_name(hook: Hook) -> str:
    """Return what a hook is called, "a module's hook" for what torch puts on a node for a module."""
    if getattr(hook, "__module__", "") == "torch.utils.hooks":
        return "a module's hook"
    hook = _of_several(hook) or hook
    name = getattr(hook, "__qualname__", None) or type(hook).__qualname__
    return str(name).rpartition("<locals>.")[2]


def _of_several(hook: Hook) -> Hook | None:
    """Return the hook of several tensors that torch's own hook of one of them calls."""
    is_torchs = getattr(hook, "__globals__", {}).get("__name__") == "torch.autograd.graph"
    inner = closure(hook).get("fn") if is_torchs else None
    return inspect.unwrap(inner) if callable(inner) else None


def user_hooks(hook: Hook) -> list[Hook]:
    """Return the hooks that torch's own hook calls; nothing for another hook."""
    if inner := _of_several(hook):
        return [inner]
    own = closure(hook).get("self")
    return [*own.user_pre_hooks, *own.user_hooks] if isinstance(own, BackwardHook) else []


def gradients(node: Node) -> list[Any]:
    """Return what may come to each output of a node."""
    return [
        UNKNOWN if shape is None else torch.empty(shape, dtype=dtype, device="meta")
        for shape, dtype in gradient_shapes(node)
    ]


def of_tensor_hook(hook: Hook, came: Any) -> Verdict:
    """Return what a hook makes of the gradient of a tensor: it may change the numbers, and raise."""
    if inner := _of_several(hook):  # torch calls it, and leaves the gradients as they are
        endings = follow(inner, UNKNOWN)
        return _of_changes([Ending(one.kind, None, one.is_sure) for one in endings], [came])
    return _of_changes([_single(one) for one in follow(hook, came)], [came])


def of_prehook(hook: Hook, came: Came) -> Verdict:
    """Return what a hook before a node makes of what came to it."""
    return _of_changes(follow(hook, tuple(came)), came)


def of_posthook(hook: Hook, sent: Came, came: Came) -> Verdict:
    """Return what a hook after a node makes of what the node sends."""
    own = closure(hook).get("self")
    if not isinstance(own, BackwardHook):
        endings = follow(hook, tuple(sent), tuple(came))
        bad = [Ending("raises", None, one.is_sure) for one in endings if isinstance(one.value, (Tensor, list))]
        return _of_changes([one for one in endings if not isinstance(one.value, (Tensor, list))] + bad, sent)
    # Torch calls a module's hooks: at its output those before its backward, at its input those after it.
    at_output = "setup_output_hook" in hook.__qualname__
    first = [(one, ()) for one in own.user_pre_hooks] if at_output else []
    then = [] if at_output and own.input_tensors_index is not None else [(one, (UNKNOWN,)) for one in own.user_hooks]
    verdicts = [_of_changes(follow(one, own.module, tuple(sent), *more), sent) for one, more in [*first, *then]]
    whole = next((one for one in verdicts if one.raises is not False or not one.is_followed), None)
    stopped = {i for one in verdicts for i, comes in enumerate(one.comes) if comes is False}
    return whole or Verdict(tuple(one is not None and i not in stopped for i, one in enumerate(sent)))


def of_after_hook(hook: Hook, node: Node, is_of_leaf: bool) -> tuple[Verdict, bool]:
    """Return what a hook does once a ``.grad`` is filled, and whether the ``.grad`` may be None then.

    Args:
        hook: of the leaf, or of the node that fills it.
        node: that node.
        is_of_leaf: whether it is a hook of the leaf.

    """
    (leaf,) = gradients(node)
    if isinstance(leaf, Tensor):
        leaf.grad = torch.empty_like(leaf)
    endings = follow(hook, *([leaf] if is_of_leaf else [(), (leaf,)]))
    verdict = _of_changes(endings, [])
    return verdict, not verdict.is_followed or any(one.cleared for one in endings)


def of_function(backward: Hook, node: Any, came: Came, wanted: Came) -> Verdict:
    """Return what the ``backward`` of a Function sends to each input of its ``forward``.

    Args:
        backward: the function.
        node: its node, which ``backward`` knows as ``ctx``.
        came: what came to the node.
        wanted: for each input a gradient of its shape where one is needed, else None.

    """
    return _judged(follow(getattr(backward, "__wrapped__", backward), node, *came), wanted, exactly=False)


def _single(one: Ending) -> Ending:
    """Return an ending as if the one value were the first of several."""
    return Ending(one.kind, one.value if one.value is None else (one.value,), one.is_sure)


def _of_changes(endings: Sequence[Ending], came: Came) -> Verdict:
    """Return what a hook changes: where it returns None, nothing."""
    unchanged = tuple(came)
    return _judged(
        [Ending(one.kind, unchanged if one.value is None else one.value, one.is_sure) for one in endings],
        came,
        exactly=True,
    )


def _judged(endings: Sequence[Ending], wanted: Came, exactly: bool) -> Verdict:
    if not endings:
        return Verdict((None,) * len(wanted), is_followed=False)
    values = [_listed(one.value, wanted) for one in endings]
    bad = [
        one.kind == "raises" or not _are_sound(value, wanted, exactly)
        for one, value in zip(endings, values, strict=True)
    ]
    is_sure = all(one.is_sure for one in endings)
    whole = [value for value, raised in zip(values, bad, strict=True) if not raised]
    comes = tuple(_unanimous([_is_there(value[i]) for value in whole]) for i in range(len(wanted)))
    raises = (True if all(bad) and is_sure else None) if any(bad) else False
    is_known = all(_are_known(value, wanted) for value in whole)
    return Verdict(comes if is_sure else tuple(one and None for one in comes), raises, is_sure and is_known)


def _listed(value: Any, wanted: Came) -> list[Any]:
    if value is UNKNOWN:
        return [UNKNOWN] * len(wanted)
    return list(value) if isinstance(value, tuple) else [value]  # torch takes a list for one gradient, and refuses it


def _are_sound(values: Sequence[Any], wanted: Came, exactly: bool) -> bool:
    """Whether gradients have the number and the shapes that are wanted, as far as they are known."""
    if len(values) < len(wanted) or any(value is not None for value in values[len(wanted) :]):
        return False
    return all(_fits(value, want, exactly) for value, want in zip(values, wanted, strict=False))


def _fits(value: Any, want: Any, exactly: bool) -> bool:
    if value is None or value is UNKNOWN or want is None or want is UNKNOWN:
        return True
    if not isinstance(value, Tensor):
        return False
    if exactly:
        return bool((value.shape, value.dtype) == (want.shape, want.dtype))
    try:
        return bool(want.expand_as(value).shape == value.shape)
    except RuntimeError:
        return False


def _are_known(values: Sequence[Any], wanted: Came) -> bool:
    return all(value is not UNKNOWN or want is UNKNOWN for value, want in zip(values, wanted, strict=False))


def _is_there(value: Any) -> bool | None:
    return None if value is UNKNOWN else value is not None


def _unanimous(answers: Sequence[bool | None]) -> bool | None:
    return answers[0] if answers and len(set(answers)) == 1 else None
