"""Which known tensor a saved one is."""

from collections import defaultdict
from collections.abc import Sequence

from torch import Tensor
from torch.autograd.graph import Node

from gradstop.graph.given import Found
from gradstop.graph.memory import Span, storage_span
from gradstop.graph.values import attempt


class Matcher:
    """Finds the known tensor that a saved one is: the same object, or the same memory seen the same way."""

    def __init__(self, found: Sequence[Found]) -> None:
        self.found = found
        self.same = {id(one.tensor): i for i, one in enumerate(found)}
        self.alike: dict[object, list[int]] = defaultdict(list)
        spans = [storage_span(one.tensor) for one in found]
        self.spans = set(spans)
        for i, one in enumerate(found):
            self.alike[_look(one.tensor, spans[i])].append(i)

    def __call__(self, saved: Tensor, node: Node, span: Span | None) -> int | None:
        """Return the number of the known tensor that ``node`` has saved, None where it is not known."""
        if id(saved) in self.same:
            return self.same[id(saved)]
        look = _look(saved, span) if span in self.spans else None
        if look is None or look not in self.alike:
            return None
        # A node saves its output as a new object without history: prefer the tensor that the node made.
        return min(self.alike[look], key=lambda i: (self.found[i].node is not node, self.found[i].node is None))


def _look(tensor: Tensor, span: Span | None) -> object:
    if span is None:
        return None
    place = attempt(lambda: (tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype))
    return None if place is None else (span, place)
