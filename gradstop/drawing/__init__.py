"""Pictures and text of live autograd graphs."""

from gradstop.drawing.curves import Curves, curves
from gradstop.drawing.figure import Drawing, describe, draw
from gradstop.drawing.memory import memory_profile
from gradstop.drawing.stepper import Stepper, step_through
from gradstop.drawing.table import Table, table

__all__ = [
    "Curves",
    "Drawing",
    "Stepper",
    "Table",
    "curves",
    "describe",
    "draw",
    "memory_profile",
    "step_through",
    "table",
]
