"""Read live tensors: nothing is consumed, no flag, version, ``.grad`` or hook is changed."""

import gc
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import Node

from gradstop.graph.cuts import Place, Reaches, find_cuts, seen_cuts
from gradstop.graph.data import RAISING, CutInfo, EdgeInfo, Graph, Kind, NodeInfo, TakenInfo, TensorInfo
from gradstop.graph.forecast import Forecast, Prediction
from gradstop.graph.given import Found, collect
from gradstop.graph.live import find_live
from gradstop.graph.match import Matcher
from gradstop.graph.memory import group_by_memory, storage_span
from gradstop.graph.saved import Known, read_saved, slot_fields
from gradstop.graph.taken import Takers
from gradstop.graph.values import attempt, few_values, summary
from gradstop.graph.verdicts import hook_name
from gradstop.graph.walk import adjacency, discover, reached
from gradstop.internals.torch import (
    hooks,
    is_view,
    no_function_modes,
    node_hooks,
    post_accumulate_grad_hooks,
    version,
)
from gradstop.internals.torch_graph import is_once_differentiable, make_room_to_free

_LARGE = 2_000  # nodes: almost all of them are folded
_ACCUMULATE = "AccumulateGrad"
_SUFFIX = r"Backwards?\d*$"


def read_graph(*roots: object, **named: object) -> Graph:
    """Return what can be reached from the tensors given, as plain data.

    Args:
        roots: tensors from which a backward would start, or lists of them.
        named: tensors by name, and modules, optimizers, dicts and lists of tensors. One tensor may have several
            names. Without ``roots``, a backward from any of them counts.

    Returns:
        The graph. It keeps no tensor and no node alive.

    Raises:
        ValueError: if no tensor is given.
        TypeError: if something else is given.

    """
    return read_given(roots, named)


def read_given(roots: Sequence[object], named: Mapping[str, object], model: nn.Module | None = None) -> Graph:
    """Return what ``read_graph`` returns; the parameters of ``model`` are read as its members, without a name.

    Raises:
        ValueError: if no tensor is given.
        TypeError: if something else is given.

    """
    with no_function_modes(), _without_collector():  # a tensor subclass must not see, or change, what is read
        return _Reader(collect(roots, named, model)).read()


@contextmanager
def _without_collector() -> Iterator[None]:
    """Let the cyclic collector rest: many objects are made, none is freed, and it would go through all of them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Reader:
    """Holds the live objects while they are read, and is dropped with them."""

    def __init__(self, found: list[Found]) -> None:
        self.found = found
        for one in found:
            self._find_history(one)
        self.ids = discover(one.node for one in found if one.node is not None)
        self.nodes = list(self.ids)
        make_room_to_free(len(self.nodes))
        self.operations = [_operation(node) for node in self.nodes]
        self._find_leaves()
        ids = self.ids  # not self: a circle would keep the tensors alive until it is collected
        self.known = Known(Matcher(self.found), lambda node: None if node is None else ids.get(node), len(ids) < _LARGE)
        self.edges = self._read_edges()
        self.targets = adjacency(len(self.nodes), ((edge.source, edge.target) for edge in self.edges))
        self.hooks = {i: some for i, node in enumerate(self.nodes) if any(some := node_hooks(node))}
        self.memory_of, self.memories = self._group()

    def read(self) -> Graph:
        nodes = self._read_nodes()
        forecast = self._forecast(nodes)
        cuts, taken = self._compare()
        return Graph(
            tensors=tuple(self._read_tensor(i, one, forecast) for i, one in enumerate(self.found)),
            nodes=nodes,
            edges=tuple(self.edges),
            memories=tuple(tuple(group) for group in self.memories),
            cuts=cuts,
            taken=taken,
            roots=tuple(i for i, one in enumerate(self.found) if one.is_root),
        )

    def _find_history(self, one: Found) -> None:
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
                known[id(leaf)] = Found(leaf, leaf)
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
        memory_of = group_by_memory([storage_span(one.tensor) for one in self.found])
        members: list[list[int]] = [[] for _ in range(1 + max((n for n in memory_of if n is not None), default=-1))]
        for i, number in enumerate(memory_of):
            if number is not None:
                members[number].append(i)
        return memory_of, members

    def _forecast(self, infos: Sequence[NodeInfo]) -> Forecast:
        roots = [one for one in self.found if one.is_root]
        starts = [(self.ids[one.node], one.tensor.output_nr) for one in roots or self.found if one.node is not None]
        live = find_live(
            self.found, self.nodes, self.operations, self.edges, self.targets, self.hooks, self.known.unpackers
        )
        gone = {info.id for info in infos if any(one.status in RAISING for one in info.saved)}
        return Forecast(replace(live, gone=gone), starts, may_start_elsewhere=not roots)

    def _predicted(self, one: Found, forecast: Forecast) -> Prediction:
        """Return what is predicted of the ``.grad`` of a tensor."""
        tensor = one.tensor
        if one.accumulator is not None and tensor.requires_grad:
            return forecast.of_leaf(one.accumulator)
        if one.is_root and one.node is None and not one.broken and tensor.requires_grad:
            return Prediction("filled")
        if one.node is not None and tensor.retains_grad:
            return forecast.of_interior((self.ids[one.node], tensor.output_nr))
        return forecast.of_others()

    def _read_tensor(self, number: int, one: Found, forecast: Forecast) -> TensorInfo:
        tensor, history = one.tensor, one.node is not None or one.broken
        predicted = self._predicted(one, forecast)
        kind: Kind = "interior" if history else "leaf" if tensor.requires_grad else "constant"
        retains = not one.broken and tensor.retains_grad
        # Asking an interior tensor for a ``.grad`` that it does not keep warns, and there is none.
        grad = None if history and not retains else tensor.grad
        return TensorInfo(
            id=number,
            names=tuple(one.names),
            shape=attempt(lambda: tuple(one.given.shape)),
            dtype=str(tensor.dtype).removeprefix("torch."),
            kind=kind,
            requires_grad=tensor.requires_grad,
            is_leaf=not history,
            is_parameter=isinstance(tensor, torch.nn.Parameter),
            is_view=is_view(tensor),
            is_root=one.is_root,
            version=attempt(lambda: version(tensor)),
            memory=self.memory_of[number],
            values=few_values(one.given),
            grad=None if grad is None else summary(grad),
            retains_grad=retains,
            will_be_filled=predicted.kind == "filled",
            will_raise=predicted.kind == "raises",
            doubt=predicted.doubt,
            hooks=tuple(map(hook_name, (hooks(tensor) or {}).values())),
            after_hooks=tuple(map(hook_name, (post_accumulate_grad_hooks(tensor) or {}).values())),
            transform=one.transform,
            has_tangent=one.has_tangent,
            members=tuple(one.members),
            notes=tuple(one.notes),
            node=None if one.node is None else self.ids[one.node],
            output=0 if one.broken else tensor.output_nr,
            accumulator=one.accumulator,
            broken=one.broken,
        )

    def _read_nodes(self) -> tuple[NodeInfo, ...]:
        fields = cache(slot_fields)  # for this read only: a class must not be kept alive
        accumulates = {one.accumulator: i for i, one in enumerate(self.found) if one.accumulator is not None}
        return tuple(
            NodeInfo(
                id=number,
                name=_node_name(node),
                operation=self.operations[number],
                is_custom=isinstance(node, BackwardCFunction),
                is_once=is_once_differentiable(node),
                saved=read_saved(node, fields(type(node)), self.known),
                constants=sum(target is None for target, _ in node.next_functions),
                accumulates=accumulates.get(number),
                hooks=tuple(hook_name(hook) for group in self.hooks.get(number, ()) for hook in group),
            )
            for number, node in enumerate(self.nodes)
        )

    def _compare(self) -> tuple[tuple[CutInfo, ...], tuple[TakenInfo, ...]]:
        """Return the cuts, and who has taken which constant. The nodes have been read."""
        reaches = self._reaches()
        places = [self._place(i, one) for i, one in enumerate(self.found)]
        cuts = [
            cut for group in self.memories if len(group) > 1 for cut in find_cuts([places[i] for i in group], reaches)
        ]
        takers = Takers(self.nodes, places, self.known.slots)
        more = takers.cuts({cut.cut for cut in cuts if cut.cut is not None})
        cuts = [*sorted(cuts, key=lambda cut: cut.cut or 0), *more]
        return (*cuts, *seen_cuts(self.found, self.known.slots, cuts)), tuple(takers.taken())

    def _place(self, number: int, one: Found) -> Place:
        history, named = one.node is not None or one.broken, bool(one.names)
        return Place(number, one.tensor, self.memory_of[number], one.tensor.requires_grad, history, named, one.broken)

    def _reaches(self) -> Reaches:
        below = cache(lambda number: reached([number], self.targets))

        def reaches(tensor: int, leaf: int) -> bool:
            node, accumulator = self.found[tensor].node, self.found[leaf].accumulator
            return node is not None and accumulator is not None and accumulator in below(self.ids[node])

        return reaches


def _leaf_of(node: Node) -> Tensor | None:
    leaf = getattr(node, "variable", None) if type(node).__name__ == _ACCUMULATE else None
    return leaf if isinstance(leaf, Tensor) else None


def _node_name(node: Node) -> str:
    return node.name().rsplit("::", 1)[-1]


def _operation(node: Node) -> str:
    name = _node_name(node)
    return re.sub(_SUFFIX, "", name) if isinstance(node, BackwardCFunction) else _snake_case(name)


@cache
def _snake_case(name: str) -> str:
    """Return "log_softmax" for "LogSoftmaxBackward0"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", re.sub(_SUFFIX, "", name)).lower()
