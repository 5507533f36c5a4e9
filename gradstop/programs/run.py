"""Executes a program of the page by torch, statement by statement, and keeps what each line did."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import CodeType
from typing import Any

import torch

from gradstop.graph import Graph, read_graph
from gradstop.programs.choices import BACKWARD
from gradstop.programs.state import NAMES, TensorState, changes, states


@dataclass(frozen=True)
class Raised:
    """An exception of the program: in which line, in which of its statements, and what it says."""

    line: int
    statement: int
    message: str


@dataclass(frozen=True)
class Outcome:
    """What a program did.

    Attributes:
        notes: for each line that was reached, what it changed, in words.
        raised: the exception that ended it, or None.
        states: the tensors at its end.
        grad: ``w.grad`` at its end, or None.
        before: the graph before backward, None where that was not reached.
        after: the graph at its end.

    """

    notes: tuple[str, ...]
    raised: Raised | None
    states: dict[str, TensorState]
    grad: tuple[float, ...] | None
    before: Graph | None
    after: Graph


@cache
def statements(line: str) -> tuple[CodeType, ...]:
    """Return a line of the program, compiled statement by statement."""
    return tuple(compile(ast.Module([node], []), "<program>", "exec") for node in ast.parse(line).body)


def execute(lines: Sequence[str]) -> Outcome:
    """Execute a program in a namespace of its own."""
    space: dict[str, Any] = {"torch": torch}
    known: dict[str, TensorState] = {}
    notes: list[str] = []
    raised, before = None, None
    for index, line in enumerate(lines):
        if index == BACKWARD:
            before = _graph(space)
        raised = _execute_line(space, line, index)
        now = states(space)
        notes.append(changes(known, now))
        known = now
        if raised:
            break
    grad = space["w"].grad
    return Outcome(tuple(notes), raised, known, None if grad is None else tuple(grad.tolist()), before, _graph(space))


def _execute_line(space: dict[str, Any], line: str, index: int) -> Raised | None:
    for position, code in enumerate(statements(line)):
        try:
            exec(code, space)  # noqa: S102 - texts of our own
        except RuntimeError as error:
            return Raised(index, position, f"{type(error).__name__}: {error}")
    return None


def _graph(space: dict[str, Any]) -> Graph:
    tensors = {name: space[name] for name in NAMES if name in space}
    roots = [tensors["loss"]] if "loss" in tensors else []
    return read_graph(*roots, **tensors)
