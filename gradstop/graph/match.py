"""Which known tensor a saved one is."""

from collections import defaultdict
from collections.abc import Sequence

from torch import Tensor
from torch.autograd.graph import Node

from gradstop.graph.cuts import storage_key
from gradstop.graph.given import Found
from gradstop.graph.values import attempt


class Matcher:
    """Finds the known tensor that a saved one is: the same object, or the same memory seen the same way."""

    def __init__(self, found: Sequence[Found]) -> None:
        self.found = found
        self.same = {id(one.tensor): i for i, one in enumerate(found)}
        self.alike: dict[object, list[int]] = defaultdict(list)
        for i, one in enumerate(found):
            self.alike[_look(one.tensor)].append(i)

    def __call__(self, saved: Tensor, node: Node) -> int | None:
        """Return the number of the known tensor that ``node`` has saved, None where it is not known."""
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
