"""What a graph is made of. Every field is plain data: holding a ``Graph`` keeps no tensor and no node alive."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

from gradstop.graph.walk import adjacency

Kind = Literal["leaf", "interior", "constant"]
Status = Literal["kept", "freed", "edited", "detached", "packed", "unknown"]
RAISING: frozenset[Status] = frozenset({"edited", "detached", "freed"})  # what was saved and is wanted


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor: what was given, or a leaf that was reached.

    ``kind`` is "leaf" (requires grad, no history), "interior" (has history) or "constant" (requires no grad).
    ``will_be_filled`` says that a backward comes to its ``.grad``, ``will_raise`` that it raises before; ``doubt`` says
    what code on the way may decide otherwise, or what raises, where the card of a node does not tell.
    """

    id: int
    names: tuple[str, ...]  # empty for a leaf that was reached but not named
    shape: tuple[int, ...] | None  # None where torch has no single shape (nested, uninitialised)
    dtype: str  # "float32"
    kind: Kind
    requires_grad: bool
    is_leaf: bool  # torch's own word: true for constants too
    is_parameter: bool
    is_view: bool
    is_root: bool  # given by position: backward starts here
    version: int | None  # None for an inference tensor, which has no version counter
    memory: int | None  # the storage group; None where there is no memory to share
    values: str | None  # rounded; None for more than a few
    grad: str | None  # None while ``.grad`` is None, else its values in short
    retains_grad: bool
    will_be_filled: bool
    will_raise: bool
    doubt: str
    hooks: tuple[str, ...]  # on its gradient
    after_hooks: tuple[str, ...]  # that run once its ``.grad`` is filled
    transform: str  # the transform of torch.func that it is within: "vmap"
    has_tangent: bool  # of forward mode
    members: tuple[str, ...]  # its names in the model that is drawn
    notes: tuple[str, ...]  # what is known of it from elsewhere
    node: int | None  # the node that made it (``grad_fn``)
    output: int  # which output of that node it is
    accumulator: int | None  # a leaf's AccumulateGrad node, where it is reached
    broken: bool  # torch refuses to tell its history (a multi-output view whose base was edited)


@dataclass(frozen=True, slots=True)
class SavedInfo:
    """One tensor that a node saved for its backward.

    ``status``: "kept"; "freed" by a backward; "edited" in place or "detached" by ``detach_()`` after it was
    saved (backward raises); "packed" by a saved-tensor hook (unpacking would run code); "unknown" when torch
    refuses for another reason.
    """

    field: str  # "self", "result", "tensors[0]"
    status: Status
    shape: tuple[int, ...] | None
    dtype: str | None
    tensor: int | None  # the known tensor that it is
    made_by: int | None  # the node whose output it is
    saved_version: int | None
    current_version: int | None
    is_constant: bool = False  # no gradient goes to it
    values: str | None = None  # of a constant that is a single number


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """One node of the graph: one operation's backward."""

    id: int  # in order of discovery from what was given
    name: str  # "MulBackward0"
    operation: str  # "mul"
    is_custom: bool  # made by a Python ``autograd.Function``
    is_once: bool  # whose ``backward`` is marked as ``once_differentiable``
    saved: tuple[SavedInfo, ...]
    constants: int  # inputs that no gradient goes to: edges to nowhere
    accumulates: int | None  # the leaf that an AccumulateGrad node fills
    hooks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EdgeInfo:
    """The gradient for ``source``'s input number ``input`` goes to ``target``, as that of its output ``output``."""

    source: int
    target: int
    input: int
    output: int


@dataclass(frozen=True, slots=True)
class CutInfo:
    """Something without history lies in the memory of something that is tracked.

    The source is a tensor that was given or a leaf, or else the node whose result it is. What was cut is a tensor that
    was given, or else what a node has taken that has no name.
    ``same_counter``: True for a view, False when the versions differ, None when nothing tells without an edit.
    """

    source: int | None
    cut: int | None
    same_counter: bool | None
    source_node: int | None = None
    taken_by: int | None = None
    is_sure: bool = True  # else its numbers alone say so
    is_seen: bool = False  # by who saw the calls, which are not in the memory

    @property
    def kind(self) -> Literal["cut", "perhaps cut", "seen cut"]:
        """What is known of it."""
        return "seen cut" if self.is_seen else "cut" if self.is_sure else "perhaps cut"


@dataclass(frozen=True, slots=True)
class TakenInfo:
    """A node has taken a constant that was given: it has saved it, or a view of it.

    ``is_sure`` is False where it saves nothing, and its numbers alone say that it may have taken this one.
    """

    node: int
    tensor: int
    is_sure: bool = True


@dataclass(frozen=True)  # without slots, for what is kept once it was asked for
class Graph:
    """The tensors, nodes and edges that were reached, who shares memory, and where history was cut."""

    tensors: tuple[TensorInfo, ...]
    nodes: tuple[NodeInfo, ...]
    edges: tuple[EdgeInfo, ...]
    memories: tuple[tuple[int, ...], ...]  # tensors by storage group
    cuts: tuple[CutInfo, ...]
    taken: tuple[TakenInfo, ...]
    roots: tuple[int, ...]  # tensors given by position

    @cached_property
    def targets(self) -> list[list[int]]:
        """For each node, the targets of its edges."""
        return adjacency(len(self.nodes), ((edge.source, edge.target) for edge in self.edges))

    @cached_property
    def sources(self) -> list[list[int]]:
        """For each node, the sources of the edges to it."""
        return adjacency(len(self.nodes), ((edge.target, edge.source) for edge in self.edges))

    def __getitem__(self, name: str) -> TensorInfo:
        """Return the tensor that was given under this name.

        Raises:
            KeyError: if no tensor has the name.

        """
        for tensor in self.tensors:
            if name in tensor.names:
                return tensor
        raise KeyError(f"no tensor was given as {name!r}")

    def to_json(self) -> dict[str, Any]:
        """Return the graph as a dict of lists, strings, numbers, bools and None."""
        plain: dict[str, Any] = _lists(asdict(self))
        return plain


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_lists(item) for item in value]
    return value
