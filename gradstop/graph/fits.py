"""Which tensor an operation has taken that saves nothing of it: its numbers tell, where those around it are at hand."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node

from gradstop.graph.cuts import Place
from gradstop.graph.values import attempt
from gradstop.internals.torch import saved_slots
from gradstop.internals.torch_graph import saved_argument, sequence_number

_MOST = 100_000  # elements that are computed once more
Values = Mapping[tuple[Node | None, int], Tensor]  # the tensors at hand, by the node that made, or fills, them
Onward = Mapping[Node | None, list[Node]]  # for a node, those that are made of its result alone
# What an operation computes, of its node, which holds its other arguments, and of its inputs.
_OPERATIONS: dict[str, Callable[[Any, Sequence[Tensor]], Tensor]] = {
    "Add": lambda node, inputs: inputs[0] + saved_argument(node, "alpha") * inputs[1],
    "Sub": lambda node, inputs: inputs[0] - saved_argument(node, "alpha") * inputs[1],
    "Rsub": lambda node, inputs: inputs[1] - saved_argument(node, "alpha") * inputs[0],
    "Lerp": lambda node, inputs: torch.lerp(inputs[0], inputs[1], saved_argument(node, "weight")),
    "Where": lambda node, inputs: torch.where(saved_slots(node, "condition").data, inputs[0], inputs[1]),
    "Cat": lambda node, inputs: torch.cat([*inputs], _dimension(node)),
    "Stack": lambda node, inputs: torch.stack([*inputs], _dimension(node)),
}
_NAME = re.compile(rf"({'|'.join(_OPERATIONS)})Backward0$")
# What is made of a result alone, and may be at hand where it is not.
_ONWARD: dict[str, Callable[[Tensor], Tensor]] = {
    "SumBackward0": torch.sum,
    "MeanBackward0": torch.mean,
    "ExpBackward0": torch.exp,
    "SigmoidBackward0": torch.sigmoid,
    "TanhBackward0": torch.tanh,
    "ReluBackward0": torch.relu,
    "SqrtBackward0": torch.sqrt,
}


def fitting(nodes: Sequence[Node], places: Sequence[Place], at_hand: Callable[[], Values]) -> list[tuple[int, Place]]:
    """Return the operations whose numbers fit one of the tensors given, in the place of an input without history.

    Args:
        nodes: all nodes.
        places: the known tensors. Of one that is cut and where it was cut from, the cut one fits.
        at_hand: returns the tensors whose numbers are known.

    """
    given = [place for place in places if place.is_named and place.tensor.numel() <= _MOST]
    asked = [(number, node) for number, node in enumerate(nodes) if given and _lacks_one(node)]
    if not asked:
        return []
    values, onward = at_hand(), _made_of(nodes)
    found = []
    for number, node in asked:
        earlier = (one for one in given if one.is_constant or _is_earlier(one, node))
        fits = [one for one in earlier if _fits(node, one.tensor, values, onward)]
        constants = [one for one in fits if one.is_constant]
        found += [(number, one) for one in constants or fits if len(constants or fits) == 1]
    return found


def _is_earlier(place: Place, node: Node) -> bool:
    """Whether a tensor was made before a node, which may have taken it."""
    maker = None if place.is_broken else place.tensor.grad_fn
    return maker is None or sequence_number(maker) < sequence_number(node)


def _lacks_one(node: Node) -> bool:
    return bool(_NAME.match(node.name())) and [target for target, _ in node.next_functions].count(None) == 1


def _made_of(nodes: Sequence[Node]) -> Onward:
    """Return for each node those that are made of its result alone."""
    found: dict[Node | None, list[Node]] = defaultdict(list)
    for node in nodes:
        if node.name() in _ONWARD:
            found[node.next_functions[0][0]].append(node)
    return found


def _fits(node: Node, taken: Tensor, values: Values, onward: Onward) -> bool:
    others = [values.get((target, output)) for target, output in node.next_functions]
    if sum(other is None for other in others) > 1 or any(
        other is not None and other.numel() > _MOST for other in others
    ):
        return False
    known = list(_known(node, values, onward))
    if not known or any(result is taken for _, result in known):
        return False

    def compute(taken: Tensor) -> bool:
        with torch.no_grad():
            inputs = [taken if other is None else other.detach() for other in others]
            again = _OPERATIONS[node.name().partition("Backward")[0]](node, inputs)
            return all(_equal(make(again), result, exactly=make is _itself) for make, result in known)

    # Of a tensor that makes no difference, such as where no element is taken from it, the numbers tell nothing.
    return bool(attempt(lambda: compute(taken.detach()) and not compute(taken.detach() + 1)))


def _known(node: Node, values: Values, onward: Onward) -> Iterator[tuple[Callable[[Tensor], Tensor], Tensor]]:
    """Yield the result of a node where it is at hand, else what is made of it, each with how it is made."""
    if (node, 0) in values:
        yield _itself, values[node, 0]
        return
    for other in onward.get(node, ()):
        if (other, 0) in values:
            yield _ONWARD[other.name()], values[other, 0]


def _itself(tensor: Tensor) -> Tensor:
    return tensor


def _equal(again: Tensor, result: Tensor, exactly: bool) -> bool:
    if again.shape != result.shape:
        return False
    return torch.equal(again, result) if exactly else torch.allclose(again, result)


def _dimension(node: Any) -> int:
    dimension = int(saved_argument(node, "dim"))
    return dimension - (1 << 64) if dimension >> 63 else dimension
