"""Observe what a function does to tensors and their graph, as plain data."""

from gradstop.graph import Census
from gradstop.observe.case import Case, case, read_cases, run_cases
from gradstop.observe.draw import Draw
from gradstop.observe.run import observe, observe_with_choices, run_case
from gradstop.observe.see import Observer

__all__ = [
    "Case",
    "Census",
    "Draw",
    "Observer",
    "case",
    "observe",
    "observe_with_choices",
    "read_cases",
    "run_case",
    "run_cases",
]
