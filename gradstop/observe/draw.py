"""Draws a case's inputs: their structure by the options that are set, their numbers from a seed."""

import random
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import prod
from types import MappingProxyType
from typing import Any, TypeVar

import torch

from gradstop.observe.encode import dtype_name
from gradstop.observe.features import tensor_features
from gradstop.observe.forms import ALL, FORMS, Form, form_of, view_in
from gradstop.observe.log import ObservationLog
from gradstop.record import Setup

T = TypeVar("T")
Site = tuple[str, int, int, int]  # where a choice stands: function, position in it, position in here, which time
Choose = Callable[[Site, int], int]  # from a choice's site and its number of options to an option
Kind = str  # "constant", "leaf", "interior", "view"
_ARTICLE = MappingProxyType(
    {
        "constant": "a constant",
        "leaf": "a leaf",
        "interior": "an interior tensor",
        "view": "an interior view",
    }
)


class Draw:
    """Everything that a case draws in one phase.

    What a case meets, its structure, is picked by ``choice`` alone and does not depend on the seed: a ``Setup`` names
    the option of each choice. Numbers come from ``random.Random``, whose stream Python keeps, not from torch's, which
    may change. They are three-digit decimals, no two of one tensor alike, away from zero, unless a form says otherwise.

    Attributes:
        stream: what the numbers come from.

    """

    def __init__(self, setup: Setup | int, log: ObservationLog | None = None, choose: Choose | None = None):
        """Draw from a setup, or a bare seed; ``choose`` picks in the place of its options, where they are not known."""
        self._setup = Setup(setup) if isinstance(setup, int) else setup
        self.stream = random.Random(self._setup.seed)  # noqa: S311 - not a secret: the seed is
        self._log = ObservationLog("") if log is None else log
        self._choose = choose
        self._taken = [0]  # how many of the options; an iterator's place could be changed unseen
        self._sites: dict[tuple[str, int, int], int] = {}
        self._sources: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    @property
    def given(self) -> list[str]:
        """What the inputs are, a line for each."""
        return self._log.given

    def choice(self, *options: T) -> T:
        """Pick one of ``options``, which are structures that differ: the first is the plainest."""
        return options[self._index(len(options))]

    def _index(self, count: int) -> int:
        if self._choose is not None:
            place = _call_site()
            times = self._sites[place] = self._sites.get(place, 0) + 1
            return self._choose((*place, times), count)
        options, (taken,) = self._setup.options, self._taken
        if taken >= len(options):
            return self.stream.randrange(count)
        self._taken[0] += 1
        return options[taken]

    def feature(self, *names: str) -> None:
        """Note what of the exercise's domain this run meets, where the tensors themselves do not show it."""
        if self._log.features is not None:
            self._log.features.update(names)

    def mode_outside(self) -> AbstractContextManager[Any]:
        """Pick the grad mode that a call is made under: none of its own, or ``no_grad``."""
        if not self.choice(False, True):
            return nullcontext()
        self.feature("no_grad outside")
        self.given.append("the call is made under no_grad")
        return torch.no_grad()

    def hook(self, **tensors: torch.Tensor) -> None:
        """Perhaps put a hook on each of the tensors, which doubles the gradient that passes it."""
        if self.choice(False, True):
            self.feature("a hook on an input")
            for name, tensor in tensors.items():
                tensor.register_hook(lambda gradient: 2 * gradient)  # type: ignore[no-untyped-call]
                self.given.append(f"a hook on {name} doubles its gradient")

    def integer(self, low: int, high: int) -> int:
        """Pick an integer from ``low`` to ``high``, both included."""
        return self.stream.randint(low, high)

    def number(self, low: float = 0.3, high: float = 1.7, *, signed: bool = False) -> float:
        """Pick a decimal between ``low`` and ``high``; with ``signed``, of either sign."""
        value = round(self.stream.uniform(low, high), 3)
        return -value if signed and self.stream.random() < 0.5 else value

    def form(self, *names: str) -> Form:
        """Pick one of the forms of these names (see ``FORMS``), or of ``ALL``; its sizes are drawn."""
        sizes = iter(self.shape(dimensions=3))
        return FORMS[self.choice(*(names or ALL))](lambda: next(sizes))

    def shape(self, *, dimensions: int) -> tuple[int, ...]:
        """Draw a shape of at most three dimensions, of sizes 2 to 4, no two of them alike."""
        return tuple(self.stream.sample((2, 3, 4), dimensions))

    def numbers(
        self, shape: Form | Sequence[int], *, signed: bool = True, dtype: torch.dtype = torch.float32
    ) -> torch.Tensor:
        """Return a constant of this form or shape, and dtype: magnitudes from 0.3 to 1.7, all different.

        With ``signed`` the first is negative and the second positive, whatever the seed; the others are of either sign.
        """
        form = form_of(shape)
        sizes = self.stream.sample(range(300, 1700), prod(form.shape))
        signs = [-1 if signed and self.stream.random() < 0.5 else 1 for _ in sizes]
        if signed:
            signs[:2] = [-1, 1][: len(signs)]
        values = [sign * size / 1000 for sign, size in zip(signs, sizes, strict=True)]
        if form.special:
            values[1], values[-1] = values[0], 0.0
        return form.filled(values, dtype)

    def tensor(
        self,
        name: str,
        kind: Kind = "constant",
        shape: Form | Sequence[int] | None = None,
        *,
        signed: bool = True,
        dtype: torch.dtype = torch.float32,
        made_by: Callable[[torch.Tensor], torch.Tensor] = torch.tanh,
    ) -> torch.Tensor:
        """Return an input of the case, in one of the forms of ``ALL`` where none is given; ``given`` says what it is.

        An interior tensor comes from a leaf (see ``source``) by ``made_by``, an operation that saves a tensor, so that
        a second backward through it cannot succeed by luck. A view is one of a larger interior tensor.
        """
        form = self.form() if shape is None else form_of(shape)
        self.given.append(f"{name} is {_ARTICLE[kind]} of shape {form.shape} ({dtype_name(dtype)}){form.described()}")

        def values(of: Form) -> torch.Tensor:
            return self.numbers(of, signed=signed, dtype=dtype)

        if kind == "view":
            made, leaf = view_in(form, values, made_by)
        else:
            made = leaf = values(form)
        if kind in ("leaf", "interior"):
            leaf.requires_grad_()
        if kind == "interior":
            made = made_by(leaf)
        if leaf.requires_grad:
            self._sources[id(made)] = (made, leaf)
        if self._log.features is not None:
            self.feature(kind, *tensor_features(made))
        return made

    def source(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the leaf that fills when gradient reaches ``tensor``, one that ``tensor`` made.

        Raises:
            LookupError: for a tensor that was drawn as a constant.

        """
        if id(tensor) not in self._sources:  # the id itself is another in each run, and no text for a record
            raise LookupError("what was drawn as a constant has no leaf behind it")
        return self._sources[id(tensor)][1]

    def leaves(self) -> list[torch.Tensor]:
        """Return the leaves behind all that ``tensor`` made."""
        return [leaf for _, leaf in self._sources.values()]

    def learns(self, tensor: torch.Tensor) -> bool:
        """Return whether a tensor that ``tensor`` made required grad when it was made; an answer may change that."""
        return id(tensor) in self._sources

    def prefill(self, *leaves: torch.Tensor, zero: bool = False) -> None:
        """Give each leaf a ``.grad`` from earlier, so that added, replaced and cleared can be told apart.

        With ``zero`` one of the numbers of each is 0.
        """
        self.feature("a .grad that is there already")
        for leaf in leaves:
            leaf.grad = self.numbers(leaf.shape, dtype=leaf.dtype)
            if zero and leaf.grad.numel():
                leaf.grad.view(-1)[0] = 0
            self._log.grads[id(leaf)] = (leaf, leaf.grad.flatten().tolist())


def _call_site() -> tuple[str, int, int]:
    """Return where a choice stands: the function outside this file, the position in it, and the position in here."""
    frame = sys._getframe(3)  # what called ``choice``
    inside = frame.f_lasti
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_qualname, frame.f_lasti, inside
