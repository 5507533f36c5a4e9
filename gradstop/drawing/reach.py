"""From which tensors of a graph a backward starts."""

from gradstop.graph import Graph
from gradstop.graph.walk import reached


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
