"""Watches the nodes of a graph while a backward runs, by hooks of our own before and after all others."""

import linecache
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Literal

import torch
from torch import Tensor
from torch.autograd.graph import Node

from gradstop.graph.data import EdgeInfo, Graph, NodeInfo
from gradstop.graph.given import Found
from gradstop.graph.values import attempt, summary
from gradstop.graph.walk import adjacency, discover, reached
from gradstop.internals.torch import version
from gradstop.internals.torch_graph import ENGINE_FUNCTION, first_and_last, sequence_number

Phase = Literal["waits", "hooks before", "runs", "hooks after", "ran"]


class Recorder:
    """Holds live gradients while the backward runs, and no longer than they are needed.

    Attributes:
        reached: the nodes that the backward comes to.
        ran: those that have run, each with its place in the order.
        received: the gradients that came, for each group of a single node.
        sent: the gradient along each edge that leaves its group, by source and input.
        kept: the same as tensors, where several of them go to a group of a single node.
        changed: what came to a node, and what a hook has made of it, where that is not the same.
        by_the_way: tensors whose ``.grad`` changed while a node ran that does not fill them.

    """

    def __init__(self, before: Graph, groups: Sequence[Sequence[int]], root: Tensor, found: Sequence[Found]) -> None:
        self.before, self.groups, self.root = before, groups, root
        self.group_of = {node: number for number, group in enumerate(groups) for node in group}
        self.found = found
        made = [attempt(lambda: one.tensor.grad_fn) for one in self.found]  # noqa: B023  # called at once
        self.nodes = list(discover(node for node in made if node is not None))
        ids = {node: number for number, node in enumerate(self.nodes)}
        self.reached = set() if root.grad_fn is None else reached([ids[root.grad_fn]], before.targets)
        self.edges: list[list[EdgeInfo]] = [[] for _ in self.nodes]
        for edge in before.edges:
            self.edges[edge.source].append(edge)
        self.missing = [0] * len(self.nodes)
        for edge in before.edges:
            self.missing[edge.target] += edge.source in self.reached
        self.tensors_of = adjacency(
            len(self.nodes),
            ((node, one.id) for one in before.tensors for node in (one.node, one.accumulator) if node is not None),
        )
        self.ran: dict[int, int] = {}
        self.received: dict[int, str | None] = {}
        self.sent: dict[tuple[int, int], str] = {}
        self.kept: dict[tuple[int, int], Tensor] = {}
        self.changed: dict[int, tuple[str, str]] = {}
        self.by_the_way: dict[int, dict[int, str]] = {}
        self._sums: dict[int, dict[int, Tensor]] = defaultdict(dict)
        self._grads = [self._mark(number) for number in range(len(self.found))]
        self._phase: tuple[int, Phase] = (-1, "ran")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Have the hooks on while the body runs."""
        handles = [handle for number in sorted(self.reached) for handle in self._hooks(number, self.nodes[number])]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            self._sums.clear()

    def _hooks(self, number: int, node: Node) -> Iterator[torch.utils.hooks.RemovableHandle]:
        enter = partial(self._enter, number, "hooks before")
        leave = partial(self._enter, number, "hooks after")
        yield from first_and_last(node.register_prehook, enter, partial(self._begin, number))
        yield from first_and_last(node.register_hook, leave, partial(self._end, number))

    def _enter(self, number: int, phase: Phase, *_: object) -> None:
        self._phase = (number, phase)

    def _begin(self, number: int, received: Sequence[Tensor | None]) -> None:
        self._phase = (number, "runs")
        if self._is_told(number):
            came = [summary(gradient) for gradient in received if gradient is not None]
            self.received[number] = ", ".join(came) or None
        expected = self._sums.pop(number, {})
        for output, gradient in enumerate(received):
            if output in expected and not _alike(expected[output], gradient):
                after = "nothing" if gradient is None else summary(gradient)
                self.changed[number] = (summary(expected[output]), after)

    def _end(self, number: int, sent: Sequence[Tensor | None], _: Sequence[Tensor | None]) -> None:
        for edge in self.edges[number]:
            self.missing[edge.target] -= 1
            gradient = sent[edge.input] if edge.input < len(sent) else None
            if gradient is not None:
                self._deliver(edge, gradient.detach())
        self._look_at_grads(number)
        self.ran[number] = len(self.ran) + 1
        self._phase = (number, "ran")

    def _deliver(self, edge: EdgeInfo, gradient: Tensor) -> None:
        if self.group_of[edge.source] != self.group_of[edge.target]:
            self.sent[edge.source, edge.input] = summary(gradient)
        if self._is_told(edge.target) or self._has_hooks(edge.target):
            before = self._sums[edge.target].get(edge.output)
            self._sums[edge.target][edge.output] = gradient if before is None else before + gradient
            if len(self.before.sources[edge.target]) > 1:
                self.kept[edge.source, edge.input] = gradient

    def _is_told(self, number: int) -> bool:
        return len(self.groups[self.group_of[number]]) == 1

    def _has_hooks(self, number: int) -> bool:
        info = self.before.tensors
        return bool(self.before.nodes[number].hooks) or any(info[i].hooks for i in self.tensors_of[number])

    # What changes beside the graph's own way

    def _mark(self, number: int) -> tuple[int, int | None]:
        tensor = self.found[number].tensor
        grad = attempt(lambda: tensor.grad if tensor.is_leaf or tensor.retains_grad else None)
        return id(grad), None if grad is None else attempt(lambda: version(grad))

    def _look_at_grads(self, number: int) -> None:
        own = set(self.tensors_of[number])
        node: NodeInfo = self.before.nodes[number]
        alone = not (node.is_custom or self._has_hooks(number))
        for i in own if alone else range(len(self.found)):
            if i < len(self.found) and (mark := self._mark(i)) != self._grads[i]:
                self._grads[i] = mark
                if i not in own:
                    grad = self.found[i].tensor.grad
                    self.by_the_way.setdefault(number, {})[i] = "None" if grad is None else summary(grad)

    # What ended it

    def blamed(self, gradient: Tensor | None) -> tuple[int | None, str]:
        """Return the node that raised and, where it was a hook of it, which; no node where none was come to."""
        number, phase = self._phase
        if phase in ("hooks before", "hooks after"):
            return number, _one(self.before.nodes[number].hooks)
        if phase == "runs":  # of what fills a leaf, the hooks that run afterwards are a part
            return number, _one([name for k in self.tensors_of[number] for name in self.before.tensors[k].after_hooks])
        ready = [i for i in self.reached if i not in self.ran and not self.missing[i]]
        hooked = [i for i in ready if any(self.before.tensors[k].hooks for k in self.tensors_of[i])]
        if not self.ran and not (hooked and self._could_start(gradient)):
            return None, ""
        last = max(hooked or ready, key=lambda i: (sequence_number(self.nodes[i]), -i), default=None)
        names = (
            [name for k in self.tensors_of[last] for name in self.before.tensors[k].hooks] if last is not None else []
        )
        return last, _one(names) or "a hook"

    def _could_start(self, gradient: Tensor | None) -> bool:
        if gradient is None:
            return self.root.requires_grad and self.root.numel() == 1
        return self.root.requires_grad and gradient.shape == self.root.shape


def raising_line(raised: BaseException) -> str:
    """Return the line of Python that raised within a backward: in a Function, or in a hook; empty where none did."""
    step, within, line = raised.__traceback__, False, ""
    while step is not None:
        code = step.tb_frame.f_code
        module = str(step.tb_frame.f_globals.get("__name__", ""))
        if within and not module.startswith(("torch.", "gradstop.")):
            line = linecache.getline(code.co_filename, step.tb_lineno, step.tb_frame.f_globals).strip()
        within = within or code.co_name == ENGINE_FUNCTION
        step = step.tb_next
    return line


def _one(names: Sequence[str]) -> str:
    if len(names) > 1:
        return "one of the hooks " + ", ".join(names)
    return "".join(name if name.startswith("a module") else f"the hook {name}" for name in names)


def _alike(one: Tensor, other: Tensor | None) -> bool:
    """Whether two gradients are the same but for the order in which they were summed; what can't be told is alike."""
    if other is None:
        return False
    with torch.no_grad():
        same = attempt(lambda: one.shape == other.shape and torch.allclose(one, other.to(one.dtype), equal_nan=True))
    return same is not False
