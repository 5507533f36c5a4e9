"""Read live tensors: nothing is consumed, no flag, version, ``.grad`` or hook is changed."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import torch
from torch import Tensor
from torch.autograd.graph import Node

from gradstop.graph.cuts import Place, Reaches, find_cuts, storage_key
from gradstop.graph.data import CutInfo, EdgeInfo, Graph, Kind, NodeInfo, TensorInfo
from gradstop.graph.saved import Known, read_saved, slot_fields
from gradstop.graph.values import attempt, few_values, summary
from gradstop.graph.walk import adjacency, discover, reached
from gradstop.internals.torch import is_view, no_function_modes, version

_ACCUMULATE = "AccumulateGrad"


@dataclass
class _Found:
    """A tensor while it is being read."""

    tensor: Tensor
    names: list[str] = field(default_factory=list)
    is_root: bool = False
    node: Node | None = None
    broken: bool = False
    accumulator: int | None = None


def read_graph(*roots: Tensor, **named: Tensor) -> Graph:
    """Return what can be reached from the tensors given, as plain data.

    Args:
        roots: tensors from which a backward would start.
        named: tensors by name. One tensor may have several names. Without ``roots``, a backward from any of
            them counts.

    Returns:
        The graph. It keeps no tensor and no node alive.

    Raises:
        ValueError: if no tensor is given.
        TypeError: if an argument is no tensor.

    """
    found = _given(roots, named)
    with no_function_modes():  # a tensor subclass must not see, or change, what is read
        return _Reader(found).read()


def _given(roots: Sequence[object], named: dict[str, Tensor]) -> list[_Found]:
    if not roots and not named:
        raise ValueError("No tensor was given: pass at least one by its name, for example x=x.")
    found: dict[int, _Found] = {}
    for number, root in enumerate(roots, 1):
        tensor = _tensor(root, f"Argument {number}")
        found.setdefault(id(tensor), _Found(tensor)).is_root = True
    for name, value in named.items():
        tensor = _tensor(value, f"Argument {name!r}")
        found.setdefault(id(tensor), _Found(tensor)).names.append(name)
    return list(found.values())


def _tensor(value: object, who: str) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, torch.nn.Module):
        mend = "pass its parameters by name: **dict(model.named_parameters())."
    elif isinstance(value, (list, tuple, dict, set)):
        mend = "pass each tensor in it by a name of its own."
    else:
        mend = "pass a torch.Tensor, for example x=x."
    raise TypeError(f"{who} is of type {type(value).__name__}, not a tensor: {mend}")


class _Reader:
    """Holds the live objects while they are read, and is dropped with them."""

    def __init__(self, found: list[_Found]) -> None:
        self.found = found
        for one in found:
            self._find_history(one)
        self.ids = discover(one.node for one in found if one.node is not None)
        self.nodes = list(self.ids)
        self._find_leaves()
        self.edges = self._read_edges()
        self.targets = adjacency(len(self.nodes), ((edge.source, edge.target) for edge in self.edges))
        self.memory_of, self.memories = self._group()

    def read(self) -> Graph:
        filled = self._filled()
        return Graph(
            tensors=tuple(self._read_tensor(i, one, i in filled) for i, one in enumerate(self.found)),
            nodes=self._read_nodes(),
            edges=tuple(self.edges),
            memories=tuple(tuple(group) for group in self.memories),
            cuts=self._read_cuts(),
            roots=tuple(i for i, one in enumerate(self.found) if one.is_root),
        )

    def _find_history(self, one: _Found) -> None:
        try:
            one.node = one.tensor.grad_fn
        except RuntimeError:  # a view of several outputs whose base was edited in place
            one.broken = True

    def _find_leaves(self) -> None:
        """Tie each AccumulateGrad node to its leaf, which may not have been given."""
        known = {id(one.tensor): one for one in self.found}
        for number, node in enumerate(self.nodes):
            leaf = _leaf_of(node)
            if leaf is None:
                continue
            if id(leaf) not in known:
                known[id(leaf)] = _Found(leaf)
                self.found.append(known[id(leaf)])
            known[id(leaf)].accumulator = number

    def _read_edges(self) -> list[EdgeInfo]:
        return [
            EdgeInfo(number, self.ids[target], index, output)
            for number, node in enumerate(self.nodes)
            for index, (target, output) in enumerate(node.next_functions)
            if target is not None
        ]

    def _group(self) -> tuple[list[int | None], list[list[int]]]:
        numbers: dict[object, int] = {}
        memory_of: list[int | None] = []
        members: list[list[int]] = []
        for i, one in enumerate(self.found):
            key = storage_key(one.tensor)
            if key is None:
                memory_of.append(None)
                continue
            number = numbers.setdefault(key, len(numbers))
            memory_of.append(number)
            if number == len(members):
                members.append([])
            members[number].append(i)
        return memory_of, members

    def _filled(self) -> set[int]:
        """Return the tensors whose ``.grad`` a backward would write."""
        roots = [one for one in self.found if one.is_root] or self.found
        starts = [self.ids[one.node] for one in roots if one.node is not None]
        nodes = reached(starts, self.targets)
        return {
            i
            for i, one in enumerate(self.found)
            if (one.accumulator in nodes)
            or (one.is_root and one.node is None and not one.broken and one.tensor.requires_grad)
            or (one.node is not None and one.tensor.retains_grad and self.ids[one.node] in nodes)
        }

    def _read_tensor(self, number: int, one: _Found, filled: bool) -> TensorInfo:
        tensor, history = one.tensor, one.node is not None or one.broken
        kind: Kind = "interior" if history else "leaf" if tensor.requires_grad else "constant"
        retains = not one.broken and tensor.retains_grad
        # Asking an interior tensor for a ``.grad`` that it does not keep warns, and there is none.
        grad = None if history and not retains else tensor.grad
        return TensorInfo(
            id=number,
            names=tuple(one.names),
            shape=attempt(lambda: tuple(tensor.shape)),
            dtype=str(tensor.dtype).removeprefix("torch."),
            kind=kind,
            requires_grad=tensor.requires_grad,
            is_leaf=not history,
            is_parameter=isinstance(tensor, torch.nn.Parameter),
            is_view=is_view(tensor),
            is_root=one.is_root,
            version=attempt(lambda: version(tensor)),
            memory=self.memory_of[number],
            values=few_values(tensor),
            grad=None if grad is None else summary(grad),
            retains_grad=retains,
            will_be_filled=filled,
            node=None if one.node is None else self.ids[one.node],
            output=0 if one.broken else tensor.output_nr,
            accumulator=one.accumulator,
            broken=one.broken,
        )

    def _read_nodes(self) -> tuple[NodeInfo, ...]:
        known = Known(_Matcher(self.found), lambda node: None if node is None else self.ids.get(node))
        fields = cache(slot_fields)  # for this read only: a class must not be kept alive
        accumulates = {one.accumulator: i for i, one in enumerate(self.found) if one.accumulator is not None}
        return tuple(
            NodeInfo(
                id=number,
                name=_node_name(node),
                operation=_operation(node),
                is_custom=_is_custom(node),
                saved=read_saved(node, fields(type(node)), known),
                constants=sum(target is None for target, _ in node.next_functions),
                accumulates=accumulates.get(number),
            )
            for number, node in enumerate(self.nodes)
        )

    def _read_cuts(self) -> tuple[CutInfo, ...]:
        reaches = self._reaches()
        places = [
            Place(i, one.tensor, self.memory_of[i], one.tensor.requires_grad, one.node is not None or one.broken)
            for i, one in enumerate(self.found)
        ]
        cuts = [
            cut for group in self.memories if len(group) > 1 for cut in find_cuts([places[i] for i in group], reaches)
        ]
        return tuple(sorted(cuts, key=lambda cut: cut.cut))

    def _reaches(self) -> Reaches:
        below = cache(lambda number: reached([number], self.targets))

        def reaches(tensor: int, leaf: int) -> bool:
            node, accumulator = self.found[tensor].node, self.found[leaf].accumulator
            return node is not None and accumulator is not None and accumulator in below(self.ids[node])

        return reaches


class _Matcher:
    """Finds the known tensor that a saved one is: the same object, or the same memory seen the same way."""

    def __init__(self, found: list[_Found]) -> None:
        self.found = found
        self.same = {id(one.tensor): i for i, one in enumerate(found)}
        self.alike: dict[object, list[int]] = defaultdict(list)
        for i, one in enumerate(found):
            self.alike[_look(one.tensor)].append(i)

    def __call__(self, saved: Tensor, node: Node) -> int | None:
        if id(saved) in self.same:
            return self.same[id(saved)]
        look = _look(saved)
        if look is None or look not in self.alike:
            return None
        # A node saves its output as a new object without history: prefer the tensor that the node made.
        return min(self.alike[look], key=lambda i: (self.found[i].node is not node, self.found[i].node is None))


def _look(tensor: Tensor) -> object:
    key = storage_key(tensor)
    place = attempt(lambda: (tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype))
    return None if key is None or place is None else (key, place)


def _leaf_of(node: Node) -> Tensor | None:
    leaf = getattr(node, "variable", None) if type(node).__name__ == _ACCUMULATE else None
    return leaf if isinstance(leaf, Tensor) else None


def _is_custom(node: Node) -> bool:
    return isinstance(node, torch.autograd.function.BackwardCFunction)


def _node_name(node: Node) -> str:
    return node.name().rsplit("::", 1)[-1]


def _operation(node: Node) -> str:
    """Return "log_softmax" for "LogSoftmaxBackward0", and a custom Function's own name."""
    name = re.sub(r"Backwards?\d*$", "", _node_name(node))
    return name if _is_custom(node) else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
