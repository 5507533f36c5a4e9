"""What a node saved for its backward, read without running a hook and without letting an error escape.

Torch has two views of each saved tensor: a slot whose ``.data`` is the tensor unchecked, and the tensor as backward
would take it, which raises where backward would.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node

from gradstop.graph.data import SavedInfo, Status
from gradstop.graph.memory import Span, storage_span
from gradstop.graph.values import attempt, few_values
from gradstop.internals.torch import (
    parse_versions,
    saved_fields,
    saved_slots,
    saved_tensors,
    says_detached,
    says_freed,
    version,
)

Versions = tuple[int | None, int | None]  # saved, current


@dataclass(eq=False, slots=True)  # not frozen: there are many, and that would take twice as long
class Slot:
    """A live tensor that a node has saved, while a graph is read."""

    node: int
    field: str
    tensor: Tensor
    span: Span | None
    made_by: int | None
    is_constant: bool  # it has no history, so that no gradient goes to it


@dataclass(frozen=True)
class Known:
    """What the reader already knows: which tensor and which node an object is; and what it learns of slots."""

    tensor: Callable[[Tensor, Node, Span | None], int | None]
    node: Callable[[Node | None], int | None]
    with_numbers: bool = True  # of constants, which takes its time
    slots: list[Slot] = field(default_factory=list)
    unpackers: dict[int, list[Callable[..., Any]]] = field(default_factory=dict)  # by node; those of torch are left out


def slot_fields(kind: type) -> list[str]:
    """Return the names under which nodes of this type save tensors."""
    return sorted(saved_fields(kind), key=lambda name: name != "self")  # the first operand first


def read_saved(node: Node, fields: list[str], known: Known) -> tuple[SavedInfo, ...]:
    """Return what the node saved under ``fields``. Slots that never held a tensor are left out."""
    return tuple(info for name in fields for info in _read_field(node, name, known))


def _read_field(node: Node, name: str, known: Known) -> list[SavedInfo]:
    raw, error = _call(lambda: saved_slots(node, name))
    if error:  # a list of slots refuses as a whole once it is freed
        return [_nothing(name, "freed" if says_freed(error) else "unknown")]
    slots = list(raw) if isinstance(raw, tuple) else [raw]
    labels = [f"{name}[{i}]" for i in range(len(slots))] if isinstance(raw, tuple) else [name]
    if any(slot.unpack_hook is not None for slot in slots):
        return [_packed(label, slot, known, node) for label, slot in zip(labels, slots, strict=True)]
    checked, error = _call(lambda: saved_tensors(node, name))
    values = list(checked) if isinstance(checked, tuple) else [checked] * len(slots)
    infos = [
        _read_slot(label, slot, value, error, node, known)
        for label, slot, value in zip(labels, slots, values, strict=True)
    ]
    return [info for info in infos if info is not None]


def _call(read: Callable[[], Any]) -> tuple[Any, str]:
    try:
        return read(), ""
    except (RuntimeError, AttributeError) as error:
        return None, str(error) or "no message"


def _read_slot(label: str, slot: Any, value: Tensor | None, error: str, node: Node, known: Known) -> SavedInfo | None:
    data = slot.data
    if data is None:
        return _nothing(label, "freed") if says_freed(error) else None
    status, (saved, current) = _judge(slot, data, value, error, node)
    span = storage_span(data)
    shown = value if value is not None else data
    made_by, number = known.node(getattr(shown, "grad_fn", None)), known.node(node)
    is_constant = value is not None and not _has_way(value, node)
    if number is not None and status == "kept":
        known.slots.append(Slot(number, label, data, span, made_by, is_constant))
    return SavedInfo(
        field=label,
        status=status,
        shape=attempt(lambda: tuple(data.shape)),
        dtype=str(data.dtype).removeprefix("torch."),
        tensor=known.tensor(data, node, span),
        made_by=made_by,
        saved_version=saved,
        current_version=current,
        is_constant=is_constant,
        values=few_values(data) if is_constant and known.with_numbers and data.numel() == 1 else None,
    )


def _has_way(value: Tensor, node: Node) -> bool:
    """Whether a gradient for what a node saved has a way: it has none to a leaf that the node does not send to."""
    if not value.requires_grad or value.grad_fn is not None:
        return value.requires_grad
    return any(getattr(target, "variable", None) is value for target, _ in node.next_functions)


def _judge(slot: Any, data: Tensor, value: Tensor | None, error: str, node: Node) -> tuple[Status, Versions]:
    now = attempt(lambda: version(data))
    _, own_error = _call(slot.unpack)  # as backward unpacks an input; without ``node``, it refuses an output
    versions = parse_versions(own_error)
    if versions:
        return "edited", versions
    if not error:
        is_output = value is not None and value.grad_fn is node
        detached = says_detached(own_error) and not is_output
        return ("detached" if detached else "kept"), (None if detached else now, now)
    versions = parse_versions(error)
    if not versions:
        return "unknown", (None, now)
    # One error stands for a list of slots: it is about this one only if the version is this one's.
    blamed = bool(own_error) and versions[1] == now
    return ("edited", versions) if blamed else ("kept", (now, now))


def _packed(label: str, slot: Any, known: Known, node: Node) -> SavedInfo:
    data, number = slot.data, known.node(node)
    if number is not None and not str(getattr(slot.unpack_hook, "__module__", "")).startswith("torch."):
        known.unpackers.setdefault(number, []).append(slot.unpack_hook)
    if not isinstance(data, Tensor):
        return _nothing(label, "packed")
    return SavedInfo(
        field=label,
        status="packed",
        shape=attempt(lambda: tuple(data.shape)),
        dtype=str(data.dtype).removeprefix("torch."),
        tensor=known.tensor(data, node, storage_span(data)),
        made_by=known.node(data.grad_fn),
        saved_version=None,
        current_version=attempt(lambda: version(data)),
    )


def _nothing(label: str, status: Status) -> SavedInfo:
    return SavedInfo(label, status, None, None, None, None, None, None)
