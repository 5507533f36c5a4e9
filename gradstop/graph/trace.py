"""Runs a backward and records it: which node ran when, what it received, what it sent, what changed."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node

from gradstop.graph.data import Graph
from gradstop.graph.read import read_graph
from gradstop.graph.values import summary
from gradstop.graph.walk import discover


@dataclass(frozen=True, slots=True)
class Waiting:
    """A node that has received some of its gradients and cannot run yet."""

    node: int
    gradient: str  # the sum so far
    missing: int  # how many edges have not delivered yet


@dataclass(frozen=True, slots=True)
class Step:
    """One node ran. Node numbers and edges are those of ``Trace.before``."""

    node: int
    received: str | None  # the gradient of its result; None where none came
    sent: tuple[str | None, ...]  # for each of its inputs, the constant ones too
    waiting: tuple[Waiting, ...]  # after this step
    after: Graph


@dataclass(frozen=True, slots=True)
class Trace:
    """A backward, step by step, as plain data: it keeps no tensor and no node alive.

    Attributes:
        before: the graph as it was, with the root as its one root.
        steps: in the order in which the nodes ran.
        failed: the node that raised and so ended the backward, else None.
        error: what it raised, else the empty text.

    """

    before: Graph
    steps: tuple[Step, ...]
    failed: int | None = None
    error: str = ""


def trace_backward(
    root: Tensor, gradient: Tensor | None = None, /, *, retain_graph: bool = False, **named: Tensor
) -> Trace:
    """Run ``root.backward(gradient)`` and return what happened in it.

    The backward is real: ``.grad`` is filled and saved tensors are freed. Hooks of our own are put on the nodes for
    its length, and taken away again. A RuntimeError of a node ends the trace, and is told in it.

    Args:
        root: the tensor from which the backward starts.
        gradient: what it starts with, of the shape of ``root``; None means 1, for a single number.
        retain_graph: as in ``Tensor.backward``.
        named: tensors by name, such as ``x=x``.

    Raises:
        RuntimeError: torch's own, where no node has run: ``root`` has no history, or is no single number.
        TypeError: if an argument is no tensor.

    """
    before = read_graph(root, **named)
    recorder = _Recorder(root, named)
    error = ""
    with recorder.watching():
        try:
            root.backward(gradient, retain_graph=retain_graph)  # type: ignore[no-untyped-call]
        except RuntimeError as raised:
            if not recorder.began:
                raise
            error = str(raised)
    steps = tuple(recorder.steps(read_graph(root, **named)))
    return Trace(before, steps, recorder.running() if error else None, error)


class _Recorder:
    """Holds live gradients while the backward runs. A graph read before a node runs is the one after the last."""

    def __init__(self, root: Tensor, named: dict[str, Tensor]) -> None:
        self.root, self.named = root, named
        self.ids = discover([] if root.grad_fn is None else [root.grad_fn])
        self.numbers = self._numbers(named)
        self.missing = Counter(target for node in self.ids for target, _ in node.next_functions if target is not None)
        self.sums: dict[Node, dict[int, Tensor]] = defaultdict(dict)
        self.began: list[tuple[Node, str | None, Graph]] = []
        self.done: list[tuple[tuple[str | None, ...], tuple[Waiting, ...]]] = []

    def _numbers(self, named: dict[str, Tensor]) -> dict[Node, int]:
        """Return the numbers that ``read_graph`` gives the nodes: it starts from the named tensors too."""
        given = dict.fromkeys([self.root, *named.values()])
        return discover(tensor.grad_fn for tensor in given if tensor.grad_fn is not None)

    @contextmanager
    def watching(self) -> Iterator[None]:
        handles = [handle for node in self.ids for handle in self._hooks(node)]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _hooks(self, node: Node) -> tuple[Any, Any]:
        def begin(received: Sequence[Tensor | None]) -> None:
            came = [summary(gradient) for gradient in received if gradient is not None]
            self.began.append((node, ", ".join(came) or None, read_graph(self.root, **self.named)))

        def end(sent: Sequence[Tensor | None], _: Sequence[Tensor | None]) -> None:
            self._deliver(node, sent)
            texts = tuple(None if gradient is None else summary(gradient) for gradient in sent)
            self.done.append((texts, tuple(self._waiting())))

        return node.register_prehook(begin), node.register_hook(end)

    def _deliver(self, node: Node, sent: Sequence[Tensor | None]) -> None:
        self.sums.pop(node, None)
        for (target, output), gradient in zip(node.next_functions, sent, strict=False):
            if target is None:
                continue
            self.missing[target] -= 1
            if gradient is not None:
                before = self.sums[target].get(output)
                self.sums[target][output] = gradient.detach() if before is None else before + gradient.detach()

    def _waiting(self) -> Iterator[Waiting]:
        for node, sums in self.sums.items():
            text = ", ".join(summary(gradient) for _, gradient in sorted(sums.items()))
            yield Waiting(self.numbers[node], text, self.missing[node])

    def running(self) -> int:
        """Return the node that ran last."""
        return self.numbers[self.began[-1][0]]

    def steps(self, last: Graph) -> Iterator[Step]:
        graphs = [graph for _, _, graph in self.began[1:]] + [last]
        # A node that raised began and did not end.
        for (node, received, _), (sent, waiting), after in zip(self.began, self.done, graphs, strict=False):
            yield Step(self.numbers[node], received, sent, waiting, after)
