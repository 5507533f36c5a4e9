"""What is known of a program's tensors between two lines, and in words what a line has changed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from torch import Tensor

from gradstop.graph.values import few_values
from gradstop.internals.torch import version

NAMES = ("w", "y", "z", "loss")


@dataclass(frozen=True)
class TensorState:
    """A tensor between two lines; each field is what the page shows of it."""

    kind: str  # leaf, interior or constant
    values: str
    grad: str
    grad_fn: str
    version: str
    memory: str  # the names of the other tensors that share its memory


def states(namespace: Mapping[str, object]) -> dict[str, TensorState]:
    """Return the state of each of the program's tensors that is there."""
    tensors = {name: tensor for name in NAMES if isinstance(tensor := namespace.get(name), Tensor)}
    places = {name: tensor.data_ptr() for name, tensor in tensors.items()}
    return {
        name: TensorState(
            kind=_kind(tensor),
            values=few_values(tensor) or "",
            grad=_grad(tensor),
            grad_fn=tensor.grad_fn.name().split("::")[-1] if tensor.grad_fn else "None",
            version="none" if tensor.is_inference() else str(version(tensor)),
            memory=_sharing(name, tensors, places),
        )
        for name, tensor in tensors.items()
    }


def _kind(tensor: Tensor) -> str:
    if not tensor.requires_grad:
        return "constant"
    return "leaf" if tensor.is_leaf else "interior"


def _grad(tensor: Tensor) -> str:
    if not tensor.is_leaf:  # torch warns where it is read
        return "None"
    return "None" if tensor.grad is None else few_values(tensor.grad) or ""


def _sharing(name: str, tensors: Mapping[str, Tensor], places: Mapping[str, int]) -> str:
    same = [other for other in tensors if other != name and tensors[other] is tensors[name]]
    shared = [other for other in tensors if other not in (name, *same) and places[other] == places[name]]
    return ", ".join([*(f"is {other}" for other in same), *(f"with {other}" for other in shared)])


def changes(before: Mapping[str, TensorState], after: Mapping[str, TensorState]) -> str:
    """Return in words what differs between two sets of states, empty where nothing does."""
    told: dict[str, list[str]] = {}
    for name, state in after.items():
        if words := _told(before.get(name), state):
            told.setdefault(words, []).append(name)
    return "; ".join(f"{' and '.join(names)}: {words}" for words, names in told.items())


def _told(before: TensorState | None, after: TensorState) -> str:
    names = [
        field.name
        for field in fields(after)
        if before is None or getattr(before, field.name) != getattr(after, field.name)
    ]
    parts = {
        "kind": after.kind,
        "values": after.values,
        "grad": f".grad {after.grad}" if before or after.grad != "None" else "",
        "grad_fn": f"grad_fn {after.grad_fn}" if before or after.grad_fn != "None" else "",
        "version": f"version {after.version}" if before or after.version != "0" else "",
        "memory": _told_memory(after.memory) if before is None else "",
    }
    return ", ".join(parts[name] for name in names if parts[name])


def _told_memory(memory: str) -> str:
    return ", ".join(
        f"the same tensor as {part[3:]}" if part.startswith("is ") else f"shares the memory of {part[5:]}"
        for part in memory.split(", ")
        if part
    )
