"""What a node saved for its backward, read without running a hook and without letting an error escape.

Torch has two views of each saved tensor: a slot whose ``.data`` is the tensor unchecked, and the tensor as backward
would take it, which raises where backward would.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node

from gradstop.graph.data import SavedInfo, Status
from gradstop.graph.values import attempt
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


@dataclass(frozen=True)
class Known:
    """What the reader already knows: which tensor and which node an object is."""

    tensor: Callable[[Tensor, Node], int | None]
    node: Callable[[Node | None], int | None]


def slot_fields(kind: type) -> list[str]:
    """Return the names under which nodes of this type save tensors."""
    return sorted(saved_fields(kind), key=lambda name: name != "self")  # the first operand first


def read_saved(node: Node, fields: list[str], known: Known) -> tuple[SavedInfo, ...]:
    """Return what the node saved under ``fields``. Slots that never held a tensor are left out."""
    return tuple(info for field in fields for info in _read_field(node, field, known))


def _read_field(node: Node, field: str, known: Known) -> list[SavedInfo]:
    raw, error = _call(lambda: saved_slots(node, field))
    if error:  # a list of slots refuses as a whole once it is freed
        return [_nothing(field, "freed" if says_freed(error) else "unknown")]
    slots = list(raw) if isinstance(raw, tuple) else [raw]
    labels = [f"{field}[{i}]" for i in range(len(slots))] if isinstance(raw, tuple) else [field]
    if any(slot.unpack_hook is not None for slot in slots):
        return [_packed(label, slot, known, node) for label, slot in zip(labels, slots, strict=True)]
    checked, error = _call(lambda: saved_tensors(node, field))
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
    maker = getattr(value if value is not None else data, "grad_fn", None)
    return SavedInfo(
        field=label,
        status=status,
        shape=attempt(lambda: tuple(data.shape)),
        dtype=str(data.dtype).removeprefix("torch."),
        tensor=known.tensor(data, node),
        made_by=known.node(maker),
        saved_version=saved,
        current_version=current,
    )


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
    data = slot.data
    if not isinstance(data, Tensor):
        return _nothing(label, "packed")
    return SavedInfo(
        field=label,
        status="packed",
        shape=attempt(lambda: tuple(data.shape)),
        dtype=str(data.dtype).removeprefix("torch."),
        tensor=known.tensor(data, node),
        made_by=known.node(data.grad_fn),
        saved_version=None,
        current_version=attempt(lambda: version(data)),
    )


def _nothing(label: str, status: Status) -> SavedInfo:
    return SavedInfo(label, status, None, None, None, None, None, None)
