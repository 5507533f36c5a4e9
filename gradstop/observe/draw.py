"""Draws a case's inputs from a seed: numbers, structure, and what each tensor is."""

import random
from collections.abc import Sequence
from math import prod
from typing import TypeVar

import torch

from gradstop.observe.encode import dtype_name

T = TypeVar("T")
Kind = str  # "constant", "leaf", "interior", "view"
_ARTICLE = {
    "constant": "a constant",
    "leaf": "a leaf",
    "interior": "an interior tensor",
    "view": "an interior view",
}


class Draw:
    """Everything that a case draws in one phase.

    Numbers come from ``random.Random``, whose stream Python keeps, not from torch's, which may change. They
    are three-digit decimals, no two of one tensor alike, away from zero. ``choices`` holds each choice as
    ``(number of options, index)``, so that seeds can be picked which together try every option.
    """

    def __init__(self, seed: int, given: list[str] | None = None):
        self._random = random.Random(seed)  # noqa: S311 - not a secret: the seed is
        self.given = [] if given is None else given
        self.choices: list[tuple[int, int]] = []
        self._sources: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def choice(self, *options: T) -> T:
        """Pick one of ``options``."""
        index = self._random.randrange(len(options))
        self.choices.append((len(options), index))
        return options[index]

    def integer(self, low: int, high: int) -> int:
        """Pick an integer from ``low`` to ``high``, both included."""
        return self._random.randint(low, high)

    def number(self, low: float = 0.3, high: float = 1.7, *, signed: bool = False) -> float:
        """Pick a decimal between ``low`` and ``high``; with ``signed``, of either sign."""
        value = round(self._random.uniform(low, high), 3)
        return -value if signed and self._random.random() < 0.5 else value

    def shape(self, *, dimensions: int | None = None) -> tuple[int, ...]:
        """Pick a shape of one or two dimensions (or of ``dimensions``), each of size 2 to 4."""
        count = dimensions or self.choice(1, 2)
        return tuple(self._random.randint(2, 4) for _ in range(count))

    def numbers(self, shape: Sequence[int], *, signed: bool = True, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Return a constant of this shape and dtype: magnitudes from 0.3 to 1.7, all different."""
        sizes = self._random.sample(range(300, 1700), prod(shape))
        signs = [-1 if signed and self._random.random() < 0.5 else 1 for _ in sizes]
        values = [sign * size / 1000 for sign, size in zip(signs, sizes, strict=True)]
        return torch.tensor(values, dtype=dtype, device="cpu").reshape(tuple(shape)).clone()  # no view

    def tensor(
        self,
        name: str,
        kind: Kind = "constant",
        shape: Sequence[int] | None = None,
        *,
        signed: bool = True,
        dtype: torch.dtype = torch.float32,
    ) -> torch.Tensor:
        """Return an input of the case, and say in ``given`` what it is.

        An interior tensor comes from a leaf (see ``source``) by an operation that saves a tensor, so that a
        second backward through it cannot succeed by luck. A view is the second to last row of one.
        """
        shape = tuple(self.shape() if shape is None else shape)
        self.given.append(f"{name} is {_ARTICLE[kind]} of shape {shape} ({dtype_name(dtype)})")
        values = self.numbers((shape[0] + 1, *shape[1:]) if kind == "view" else shape, signed=signed, dtype=dtype)
        if kind == "constant":
            return values
        leaf = values.requires_grad_()
        made = leaf
        if kind in ("interior", "view"):
            made = self.choice(torch.tanh, torch.sigmoid, torch.exp)(leaf)
        if kind == "view":
            made = made[1:]
        self._sources[id(made)] = (made, leaf)
        return made

    def source(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the leaf that fills when gradient reaches ``tensor``, one that ``tensor`` made."""
        return self._sources[id(tensor)][1]

    def prefill(self, *leaves: torch.Tensor) -> None:
        """Give each leaf a ``.grad`` from earlier, so that added, replaced and cleared can be told apart."""
        for leaf in leaves:
            leaf.grad = self.numbers(leaf.shape, dtype=leaf.dtype)
