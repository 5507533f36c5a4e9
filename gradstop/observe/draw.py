"""Draws a case's inputs from a seed: numbers, structure, and what each tensor is."""

import random
import sys
from collections.abc import Callable, Sequence
from math import prod
from typing import TypeVar

import torch

from gradstop.observe.encode import dtype_name
from gradstop.observe.notebook import Notebook

T = TypeVar("T")
Site = tuple[str, int, int]
Choice = tuple[Site, int, int]  # where it stands, which time there, the option's index
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
    ``(where it stands, which time, index)``, so that seeds can be picked which together try every option.
    """

    def __init__(self, seed: int, notebook: Notebook | None = None):
        self._random = random.Random(seed)  # noqa: S311 - not a secret: the seed is
        self._notebook = Notebook("") if notebook is None else notebook
        self.choices: list[Choice] = []
        self._sites: dict[Site, int] = {}
        self._sources: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    @property
    def given(self) -> list[str]:
        """What the inputs are, a line for each."""
        return self._notebook.given

    def choice(self, *options: T) -> T:
        """Pick one of ``options``."""
        index = self._random.randrange(len(options))
        site = _call_site()
        count = self._sites[site] = self._sites.get(site, 0) + 1
        self.choices.append((site, count, index))
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
        made_by: Sequence[Callable[[torch.Tensor], torch.Tensor]] = (torch.tanh, torch.sigmoid, torch.exp),
    ) -> torch.Tensor:
        """Return an input of the case, and say in ``given`` what it is.

        An interior tensor comes from a leaf (see ``source``) by one of ``made_by``, operations that save a tensor, so
        that a second backward through it cannot succeed by luck. A view is what one has from its second row on, or
        from its second column on.
        """
        shape = tuple(self.shape() if shape is None else shape)
        self.given.append(f"{name} is {_ARTICLE[kind]} of shape {shape} ({dtype_name(dtype)})")
        axis = self.choice(0, len(shape) - 1) if kind == "view" else None
        whole = tuple(size + (dimension == axis) for dimension, size in enumerate(shape))
        values = self.numbers(whole, signed=signed, dtype=dtype)
        if kind == "constant":
            return values
        leaf = values.requires_grad_()
        made = leaf
        if kind in ("interior", "view"):
            made = self.choice(*made_by)(leaf)
        if kind == "view":
            made = made.narrow(axis or 0, 1, shape[axis or 0])
        self._sources[id(made)] = (made, leaf)
        return made

    def source(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the leaf that fills when gradient reaches ``tensor``, one that ``tensor`` made."""
        return self._sources[id(tensor)][1]

    def prefill(self, *leaves: torch.Tensor) -> None:
        """Give each leaf a ``.grad`` from earlier, so that added, replaced and cleared can be told apart."""
        for leaf in leaves:
            leaf.grad = self.numbers(leaf.shape, dtype=leaf.dtype)
            self._notebook.grads[id(leaf)] = (leaf, leaf.grad.flatten().tolist())


def _call_site() -> tuple[str, int, int]:
    """Return where a choice stands: the function outside this file, the position in it, and the position in here."""
    frame = sys._getframe(2)  # what called ``choice``
    inside = frame.f_lasti
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_qualname, frame.f_lasti, inside
