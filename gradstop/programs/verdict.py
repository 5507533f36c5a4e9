"""Judges ``w.grad`` by finite differences of the program as it is written, in double precision."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from gradstop.programs.choices import BACKWARD, BEFORE, LOSS
from gradstop.programs.run import Outcome, statements

RIGHT, CUT, RAISES = "right", "right up to the cut", "raises"
NOTHING, WRONG = "nothing learns", "wrong in silence"
VERDICTS = (RIGHT, CUT, NOTHING, WRONG, RAISES)
SIGNS = dict(zip(VERDICTS, "✓✂∅✗!", strict=True))  # so that colour does not say it alone

STEP = 1e-4  # of w, whose elements are 1 and 2: the differences are then right to some eight digits
CLOSE = 1e-4  # w.grad has single precision
STALE = 1.0  # each element of w.grad that the earlier batch left
Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Derivatives:
    """The derivative of the loss by w, by finite differences.

    Attributes:
        written: of the program as it is written.
        held: of the same where tensors of the loss that have no history back to w keep their numbers.

    """

    written: Numbers
    held: Numbers


@dataclass(frozen=True)
class Judgement:
    """A verdict and its reason in a sentence."""

    verdict: str
    reason: str


@cache
def derivatives(lines: tuple[str, ...]) -> Derivatives:
    """Return the derivatives of a program's lines up to its loss, which must run."""
    with _double_precision():
        base = _run(lines, None, 0.0)
        held = {name: base[name].detach().clone() for name in ("y", "z") if not leads_to(base[name], base["w"])}
        base_loss = _differences(lines, {})
        return Derivatives(base_loss, _differences(lines, held) if held else base_loss)


@contextmanager
def _double_precision() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _differences(lines: Sequence[str], held: dict[str, Tensor]) -> Numbers:
    return tuple(
        (_loss(lines, element, STEP, held) - _loss(lines, element, -STEP, held)) / (2 * STEP) for element in range(2)
    )


def _loss(lines: Sequence[str], element: int, change: float, held: dict[str, Tensor]) -> float:
    space = _run(lines[:LOSS], element, change)
    space.update(held)
    for code in statements(lines[LOSS]):
        exec(code, space)  # noqa: S102 - texts of our own
    return float(space["loss"].detach())


def _run(lines: Sequence[str], element: int | None, change: float) -> dict[str, Any]:
    space: dict[str, Any] = {"torch": torch}
    for index, line in enumerate(lines):
        for code in statements(line):
            exec(code, space)  # noqa: S102 - texts of our own
        if index == 0 and element is not None:
            with torch.no_grad():
                space["w"][element] += change
    return space


def leads_to(tensor: Tensor, leaf: Tensor) -> bool:
    """Whether the graph behind a tensor has a path to this leaf."""
    found, waiting = set(), [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in found:
            continue
        found.add(node)
        if getattr(node, "variable", None) is leaf:
            return True
        waiting += [following for following, _ in node.next_functions]
    return tensor is leaf


def judge(lines: Sequence[str], outcome: Outcome) -> Judgement:
    """Compare what a program left in ``w.grad`` with the derivative of its loss."""
    if outcome.raised:
        return Judgement(RAISES, "torch refuses: an error that you see.")
    if outcome.grad is None:
        return Judgement(NOTHING, "w.grad is None: an optimizer skips w, and no error says so.")
    found = derivatives(tuple(lines[: LOSS + 1]))
    times, stale = lines[BACKWARD].count("backward"), STALE * ("zero_grad" not in lines[BEFORE])
    if _close(outcome.grad, found.written):
        chance = " Two backwards have added up to just that, by chance." if times > 1 else ""
        return Judgement(RIGHT, f"w.grad is the derivative of the loss.{chance}")
    if _close(outcome.grad, found.held):
        words = f"The loss as it is written has the derivative {_shown(found.written)}."
        return Judgement(CUT, f"w.grad is the derivative of a loss in which what was cut is a constant. {words}")
    return Judgement(WRONG, _why_wrong(outcome.grad, found, times, stale))


def _why_wrong(grad: Numbers, found: Derivatives, times: int, stale: float) -> str:
    truth = f"w.grad is {_shown(grad)}, the derivative of the loss is {_shown(found.written)}"
    if stale and _close(grad, (stale,) * len(grad)):
        return f"{truth}: nothing has come from this loss, w.grad is what the earlier batch left."
    added = [tuple(stale + times * one for one in target) for target in (found.written, found.held)]
    if any(_close(grad, target) for target in added):
        reasons = ["two backwards have added up"] * (times > 1)
        reasons += ["the earlier batch's gradient is still in it"] * bool(stale)
        return f"{truth}: {', and '.join(reasons)}."
    return f"{truth}. No error says so."


def _close(grad: Numbers, target: Numbers) -> bool:
    return all(abs(one - other) <= CLOSE * max(1.0, abs(other)) for one, other in zip(grad, target, strict=True))


def _shown(numbers: Numbers) -> str:
    return "[" + ", ".join(f"{number:.4g}" for number in numbers) + "]"
