"""The features of a tensor that an answer may be wrong for, in the words of an exercise's domain."""

import torch

DIMENSIONS = ("0 dimensions", "1 dimension", "2 dimensions", "3 dimensions")
KINDS = ("constant", "leaf", "interior", "view")
LAYOUTS = ("contiguous", "not contiguous")
VALUES = ("repeated values", "zeros", "negative values")
AGAIN = (
    "called again with the same object",
    "called again with another object",
    "called again after the object has changed",
    "an earlier result looked at again",
)
SIZES = ("a size of 1", "empty")


def tensor_features(tensor: torch.Tensor) -> set[str]:
    """Return what of ``DIMENSIONS``, ``LAYOUTS``, ``VALUES`` and ``SIZES`` a tensor has, and its dtype."""
    found = {DIMENSIONS[tensor.dim()], LAYOUTS[not tensor.is_contiguous()], str(tensor.dtype).removeprefix("torch.")}
    if 1 in tensor.shape:
        found.add("a size of 1")
    numbers = tensor.detach().flatten().tolist()
    if not numbers:
        return found | {"empty"}
    if len(set(numbers)) < len(numbers):
        found.add("repeated values")
    if 0 in numbers:
        found.add("zeros")
    if min(numbers) < 0:
        found.add("negative values")
    return found
