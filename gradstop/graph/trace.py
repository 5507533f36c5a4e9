"""Runs a backward and records it: what ran when, what it received, what it sent, what changed."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor, nn

from gradstop.graph.data import EdgeInfo, Graph
from gradstop.graph.given import collect
from gradstop.graph.read import read_given
from gradstop.graph.recorder import Recorder, raising_line
from gradstop.graph.values import summary
from gradstop.graph.walk import adjacency, topological


@dataclass(frozen=True, slots=True)
class Waiting:
    """A node that has received some of its gradients and cannot run yet."""

    node: int
    gradient: str  # the sum so far
    missing: int  # how many edges have not delivered yet


@dataclass(frozen=True, slots=True)
class Step:
    """One node ran, or a group of nodes that is told as one. Numbers and edges are those of ``Trace.before``."""

    node: int  # the first one of its group
    received: str | None  # the gradient of its result; None where none came, or where a group is told
    sent: tuple[tuple[EdgeInfo, str | None], ...]  # along the edges that leave the group
    waiting: tuple[Waiting, ...]  # after this step
    changed: tuple[tuple[int, str, str], ...]  # a node, what was sent to it, and what a hook has made of it
    by_the_way: tuple[tuple[int, str], ...]  # tensors whose ``.grad`` changed through code of the node, or of a hook
    after: Graph


@dataclass(frozen=True, slots=True)
class Failure:
    """What ended a backward: a node that raised, or a hook."""

    node: int
    error: str
    hook: str = ""  # whose hook it was, and of what kind; empty for the node itself
    line: str = ""  # the line of Python that raised


@dataclass(frozen=True, slots=True)
class Trace:
    """A backward, step by step, as plain data: it keeps no tensor and no node alive.

    Attributes:
        before: the graph as it was, with the root as its one root.
        steps: in the order in which the nodes ran; a group stands where its last node ran.
        failure: what raised and so ended the backward, else None.

    """

    before: Graph
    steps: tuple[Step, ...]
    failure: Failure | None = None

    @property
    def failed(self) -> int | None:
        """The node that raised, else None."""
        return None if self.failure is None else self.failure.node

    @property
    def error(self) -> str:
        """What it raised, else the empty text."""
        return "" if self.failure is None else self.failure.error


def trace_backward(
    root: Tensor, gradient: Tensor | None = None, /, *, retain_graph: bool = False, **named: object
) -> Trace:
    """Run ``root.backward(gradient)`` and return what happened in it, node by node.

    The backward is real: ``.grad`` is filled and saved tensors are freed. Hooks of our own are put on the nodes for
    its length, and taken away again. What a node or a hook raises ends the trace, and is told in it.

    Args:
        root: the tensor from which the backward starts.
        gradient: what it starts with, of the shape of ``root``; None means 1, for a single number.
        retain_graph: as in ``Tensor.backward``.
        named: tensors by name, such as ``x=x``, and what else ``read_graph`` takes.

    Raises:
        RuntimeError: torch's own, where the backward cannot start: ``root`` has no history, or is no single number.
        TypeError: if an argument is no tensor.

    """
    before = read_given([root], named)
    return trace_groups(before, [(node.id,) for node in before.nodes], root, gradient, named, retain_graph)


def trace_groups(
    before: Graph,
    groups: Sequence[Sequence[int]],
    root: Tensor,
    gradient: Tensor | None,
    named: Mapping[str, object],
    retain_graph: bool,
    model: nn.Module | None = None,
) -> Trace:
    """Run a backward and tell each group of nodes as one step.

    Args:
        before: the graph of ``root`` and ``named``.
        groups: each of its nodes in one group; between the groups there must be no circle.
        root: the tensor from which the backward starts.
        gradient: as in ``trace_backward``.
        named: what else was read.
        retain_graph: as in ``Tensor.backward``.
        model: the model whose parameters were read.

    Raises:
        RuntimeError: torch's own, where the backward cannot start.

    """
    recorder = Recorder(before, groups, root, collect([root], named, model))
    failure = None
    with recorder.watching():
        try:
            root.backward(gradient, retain_graph=retain_graph)  # type: ignore[no-untyped-call]
        except Exception as raised:
            node, hook = recorder.blamed(gradient)
            if node is None:
                raise
            failure = Failure(node, _told(raised), hook, raising_line(raised))
    teller = _Teller(before, read_given([root], named, model), recorder)
    return Trace(before, tuple(teller.steps()), failure)


def _told(raised: Exception) -> str:
    name = type(raised).__name__
    try:
        said = str(raised)
    except Exception as own:  # of the user's class
        said = f"(its text raises {type(own).__name__})"
    return said if type(raised) is RuntimeError else f"{name}: {said}" if said else name


class _Teller:
    """Puts the steps together, when all has run. What a node has freed is what it has no longer at the end."""

    def __init__(self, before: Graph, last: Graph, recorder: Recorder) -> None:
        self.before, self.last, self.recorder = before, last, recorder
        self.tensors, self.nodes = list(before.tensors), list(before.nodes)
        self.sums: dict[int, dict[int, Tensor | str]] = defaultdict(dict)
        self.missing = Counter(edge.target for edge in before.edges if edge.source in recorder.reached)

    def steps(self) -> Iterator[Step]:
        groups, recorder = self.recorder.groups, self.recorder
        finished = [
            bool(ran := recorder.reached.intersection(group)) and ran <= recorder.ran.keys() for group in groups
        ]
        order = [max((recorder.ran.get(node, 0) for node in group), default=0) for group in groups]
        for number in topological(self._targets(), order):
            if finished[number]:
                yield self._step(groups[number])

    def _targets(self) -> list[list[int]]:
        group_of = self.recorder.group_of
        pairs = {(group_of[edge.source], group_of[edge.target]) for edge in self.before.edges}
        return adjacency(len(self.recorder.groups), sorted(pair for pair in pairs if pair[0] != pair[1]))

    def _step(self, group: Sequence[int]) -> Step:
        recorder = self.recorder
        changes: dict[int, str] = {}
        for node in group:
            if node in recorder.ran:
                self.nodes[node] = self.last.nodes[node]
            for tensor in recorder.tensors_of[node]:
                self.tensors[tensor] = replace(self.tensors[tensor], grad=self.last.tensors[tensor].grad)
            changes |= recorder.by_the_way.get(node, {})
        for tensor, text in changes.items():
            self.tensors[tensor] = replace(self.tensors[tensor], grad=None if text == "None" else text)
        leaving = [
            edge
            for node in group
            for edge in recorder.edges[node]
            if recorder.group_of[edge.target] != recorder.group_of[node]
        ]
        for edge in leaving:
            self._deliver(edge)
        for node in group:
            self.sums.pop(node, None)
        return Step(
            node=group[0],
            received=recorder.received.get(group[0]),
            sent=tuple((edge, recorder.sent.get((edge.source, edge.input))) for edge in leaving),
            waiting=tuple(self._waiting()),
            changed=tuple((node, *recorder.changed[node]) for node in group if node in recorder.changed),
            by_the_way=tuple(sorted(changes.items())),
            after=replace(self.before, tensors=tuple(self.tensors), nodes=tuple(self.nodes)),
        )

    def _deliver(self, edge: EdgeInfo) -> None:
        self.missing[edge.target] -= 1
        key = (edge.source, edge.input)
        if key not in self.recorder.sent or len(self.recorder.groups[self.recorder.group_of[edge.target]]) > 1:
            return
        sums = self.sums[edge.target]
        # What comes alone is known by its text; what is to be summed was kept.
        gradient = self.recorder.kept.get(key)
        before = sums.get(edge.output)
        if gradient is None:
            sums[edge.output] = self.recorder.sent[key]
        else:
            sums[edge.output] = before + gradient if isinstance(before, Tensor) else gradient

    def _waiting(self) -> Iterator[Waiting]:
        for node, sums in self.sums.items():
            texts = [value if isinstance(value, str) else summary(value) for _, value in sorted(sums.items())]
            yield Waiting(node, ", ".join(texts), self.missing[node])
