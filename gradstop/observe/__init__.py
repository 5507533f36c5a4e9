"""Observe what a function does to tensors and their graph, as plain data."""

from gradstop.graph import Census
from gradstop.internals.append_only import AppendOnly
from gradstop.observe.case import Case, case, names_of, read_cases, run_cases
from gradstop.observe.draw import Draw
from gradstop.observe.explore import Path, Step, explore
from gradstop.observe.features import AGAIN
from gradstop.observe.forms import ALL, FILLED, Form
from gradstop.observe.isolate import isolated, reset
from gradstop.observe.probes import Observer
from gradstop.observe.run import observe, observe_each, run_case
from gradstop.observe.storages import Storages

__all__ = [
    "AGAIN",
    "ALL",
    "FILLED",
    "AppendOnly",
    "Case",
    "Census",
    "Draw",
    "Form",
    "Observer",
    "Path",
    "Step",
    "Storages",
    "case",
    "explore",
    "isolated",
    "names_of",
    "observe",
    "observe_each",
    "read_cases",
    "reset",
    "run_case",
    "run_cases",
]
