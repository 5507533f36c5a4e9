"""Where a backward comes to in a graph: from which tensors it starts, and what it cannot reach without raising."""

from gradstop.graph import Graph
from gradstop.graph.walk import reached

# The nodes of what can't be differentiated, or not once more.
_NO_BACKWARD = {"Error", "DelayedError", "NotImplemented"}
_RAISING = {"edited", "detached", "freed"}


def results(graph: Graph) -> dict[int, set[int]]:
    """Return the tensors from which a backward would start, none behind another, each with the nodes it reaches."""
    chosen = [graph.tensors[i] for i in graph.roots] or [tensor for tensor in graph.tensors if tensor.names]
    below = {tensor.id: reached([tensor.node], graph.targets) for tensor in chosen if tensor.node is not None}
    nodes = {number: graph.tensors[number].node for number in below}
    return {
        number: found
        for number, found in below.items()
        if not any(nodes[number] in other for i, other in below.items() if nodes[i] != nodes[number])
    }


def idle(graph: Graph) -> bool:
    """Whether a constant was given that no operation here is known to have taken: it may look like a result."""
    taken = {info.tensor for node in graph.nodes for info in node.saved}
    return any(tensor.kind == "constant" and tensor.names and tensor.id not in taken for tensor in graph.tensors)


def out_of_reach(graph: Graph) -> set[int]:
    """Return the nodes that no backward comes to without raising."""
    raising = [
        node.id
        for node in graph.nodes
        if node.name in _NO_BACKWARD or any(info.status in _RAISING for info in node.saved)
    ]
    failing = reached(raising, graph.sources)
    roots = [graph.tensors[i] for i in graph.roots] or graph.tensors
    starts = [root.node for root in roots if root.node is not None and root.node not in failing]
    return {*range(len(graph.nodes))} - reached(starts, graph.targets)
