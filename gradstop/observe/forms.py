"""The forms in which a case draws a tensor: its shape, how it lies in memory, and which values stand out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any

import torch

_CPU = torch.device("cpu")  # whatever the default device is
Size = Callable[[], int]  # draws a size from 2 to 4, another each time: no form is square by chance


@dataclass(frozen=True)
class Form:
    """A shape, the order in which its dimensions lie in memory, and whether a zero and a repeated value are among it.

    Attributes:
        shape: the sizes.
        order: the dimensions from the outermost in memory to the innermost; None where they lie as they are named.
        special: whether one value is 0 and two are equal. Otherwise all are different, and away from zero.

    """

    shape: tuple[int, ...]
    order: tuple[int, ...] | None = None
    special: bool = False

    def filled(self, numbers: list[float], dtype: torch.dtype) -> torch.Tensor:
        """Return a tensor of this form with these numbers, in row-major order; no view."""
        if not numbers:
            return torch.empty(self.shape, dtype=dtype, device=_CPU)
        nested: Any = numbers
        for size in reversed(self.shape[1:]):
            nested = [nested[start : start + size] for start in range(0, len(nested), size)]
        values = torch.tensor(nested if self.shape else numbers[0], dtype=dtype, device=_CPU)
        if self.order is None:
            return values
        sizes = [self.shape[dimension] for dimension in self.order]
        strides = [0] * len(sizes)
        for place, dimension in enumerate(self.order):
            strides[dimension] = prod(sizes[place + 1 :])
        return torch.empty_strided(self.shape, strides, dtype=dtype, device=_CPU).copy_(values)

    def described(self) -> str:
        """Say what is not seen in the shape."""
        said = ["not contiguous"] if self.order else []
        said += ["one value 0, two equal"] if self.special else []
        return "".join(f", {part}" for part in said)


# Each form combines what an answer may be wrong for, so that a few forms meet all of it.
FORMS = MappingProxyType[str, Callable[[Size], Form]](
    {
        "matrix": lambda size: Form((size(), size())),
        "vector": lambda size: Form((size() + 1,), special=True),
        "scalar": lambda _: Form(()),
        "cube": lambda size: Form((size(), 1, size()), order=(2, 1, 0)),
        "empty": lambda _: Form((0,)),
        "column": lambda size: Form((size(), 1)),
        "transposed": lambda size: Form((size(), size()), order=(1, 0), special=True),
    }
)
ALL = ("matrix", "vector", "scalar", "cube", "empty")
FILLED = ("matrix", "vector", "scalar", "cube")  # those with a value that can be edited


def form_of(shape: "Form | Sequence[int]") -> Form:
    """Return the form itself, or a plain one of this shape."""
    return shape if isinstance(shape, Form) else Form(tuple(shape))


def view_in(
    form: Form, values: Callable[[Form], torch.Tensor], make: Callable[[torch.Tensor], torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a view of this form of an interior tensor, and the leaf that the interior tensor is made from.

    A scalar is one element of a vector, a vector every second element of one; of what has more dimensions the last is
    cut, so that rows do not lie side by side, or the first where the form is contiguous.
    """
    shape = form.shape
    axis = len(shape) - 1 if form.order else 0
    whole = tuple(size + (dimension == axis) for dimension, size in enumerate(shape))
    if len(shape) < 2:
        whole = (2 * shape[0] + 1,) if shape else (3,)

    def part(tensor: torch.Tensor) -> torch.Tensor:
        if not shape:
            return tensor[1]
        return tensor[1::2] if len(shape) == 1 else tensor.narrow(axis, 1, shape[axis])

    leaf = values(Form(whole, form.order))
    part(leaf).copy_(values(form))  # what stands out in a form stands in the view, and not beside it
    return part(make(leaf.requires_grad_())), leaf
