"""What runs within a backward, while a graph is read: nodes, hooks, and the code of Functions."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch.autograd.graph import Node

from gradstop.graph.data import EdgeInfo
from gradstop.graph.given import Found
from gradstop.graph.verdicts import Hook, hook_name
from gradstop.graph.walk import adjacency
from gradstop.internals.torch import hooks, post_accumulate_grad_hooks
from gradstop.internals.torch_graph import custom_backward, may_send_nothing, why_without_backward

Place = tuple[int, int]  # a node and one of its outputs


@dataclass
class Live:
    """What runs within a backward, while a graph is read.

    Attributes:
        nodes: all nodes of the graph.
        operations: what each is called.
        targets: for each node, those that it sends to.
        edges: for each node, the ways that its gradients take.
        node_hooks: for each node that has some, the hooks before it and after it.
        tensor_hooks: for outputs of nodes, the hooks of the tensor there, each with what it is called.
        after_hooks: for nodes that fill a leaf, the hooks that run afterwards, each with what it is called.
        without: for the nodes that have no backward, why.
        odd: the nodes that may send nothing for what comes.
        functions: the ``backward`` of each node that a Function of Python made.
        unpackers: for each node, the hooks that give back what it has saved.
        gone: the nodes that have saved what is freed by now, or was edited or detached since.

    """

    nodes: Sequence[Node]
    operations: Sequence[str]
    targets: Sequence[Sequence[int]]
    edges: Sequence[Sequence[EdgeInfo]]
    node_hooks: Mapping[int, tuple[Sequence[Hook], Sequence[Hook]]]
    tensor_hooks: Mapping[Place, Sequence[tuple[Hook, str]]]
    after_hooks: Mapping[int, Sequence[tuple[Hook, str]]]
    without: Mapping[int, str]
    odd: Collection[int]
    functions: Mapping[int, Hook]
    unpackers: Mapping[int, Sequence[Hook]]
    gone: Collection[int] = ()

    def hooks(self) -> Iterator[tuple[int, Hook, str]]:
        """Yield each hook with its node and what it is called."""
        for (node, _), own in self.tensor_hooks.items():
            yield from ((node, hook, name) for hook, name in own)
        for node, groups in self.node_hooks.items():
            yield from ((node, hook, self.called(node, hook)) for group in groups for hook in group)
        for node, own in self.after_hooks.items():
            yield from ((node, hook, name) for hook, name in own)
        for node, unpackers in self.unpackers.items():
            yield from ((node, hook, f"the hook {hook_name(hook)} for saved tensors") for hook in unpackers)

    def called(self, node: int, hook: Hook) -> str:
        """Return what a hook of a node is called."""
        name = hook_name(hook)
        return name if name.startswith("a module") else f"the hook {name} of {self.operations[node]}"

    def is_plain(self, nodes: set[int]) -> bool:
        """Whether in some nodes only torch's own derivatives run, and none raises."""
        special = (self.node_hooks, self.after_hooks, self.without, self.odd, self.gone, self.functions, self.unpackers)
        return not any(nodes & set(some) for some in special) and not any(
            node in nodes for node, _ in self.tensor_hooks
        )


def find_live(
    found: Sequence[Found],
    nodes: Sequence[Node],
    operations: Sequence[str],
    edges: Sequence[EdgeInfo],
    targets: Sequence[Sequence[int]],
    node_hooks: Mapping[int, tuple[Sequence[Hook], Sequence[Hook]]],
    unpackers: Mapping[int, Sequence[Hook]],
) -> Live:
    """Return what may run within a backward.

    Args:
        found: the tensors, of which the nodes and accumulators are known.
        nodes: all nodes of the graph.
        operations: what each is called.
        edges: the ways that gradients take.
        targets: for each node, those that it sends to.
        node_hooks: for each node that has some, the hooks before it and after it.
        unpackers: for each node, the hooks that give back what it has saved.

    """
    ids = {node: number for number, node in enumerate(nodes)}
    tensor_hooks: dict[Place, list[tuple[Hook, str]]] = defaultdict(list)
    after_hooks: dict[int, list[tuple[Hook, str]]] = defaultdict(list)
    for one in found:
        before, later = hooks(one.tensor) or {}, post_accumulate_grad_hooks(one.tensor) or {}
        node = one.accumulator if one.accumulator is not None else ids.get(one.node) if one.node else None
        if node is None or not (before or later):
            continue
        who = f"of {one.names[0]}" if one.names else "of a tensor without a name"
        tensor_hooks[node, 0 if one.accumulator is not None else one.tensor.output_nr] += [
            (hook, f"the hook {hook_name(hook)} {who}") for hook in before.values()
        ]
        after_hooks[node] += [(hook, f"the hook {hook_name(hook)} {who}") for hook in later.values()]
    leaves = {one.accumulator: one.names[0] if one.names else "a leaf" for one in found}
    functions = {i: backward for i, node in enumerate(nodes) if (backward := custom_backward(node))}
    return Live(
        nodes=nodes,
        operations=[leaves.get(i, name) for i, name in enumerate(operations)],
        targets=targets,
        edges=adjacency(len(nodes), ((edge.source, edge) for edge in edges)),
        node_hooks=node_hooks,
        tensor_hooks=tensor_hooks,
        after_hooks=after_hooks,
        without={i: why for i, node in enumerate(nodes) if (why := why_without_backward(node))},
        odd={i for i, node in enumerate(nodes) if may_send_nothing(node)},
        functions=functions,
        unpackers=unpackers,
    )
