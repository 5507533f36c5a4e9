"""Pictures and text of live autograd graphs."""

from gradstop.drawing.figure import Drawing, describe, draw

__all__ = ["Drawing", "describe", "draw"]
