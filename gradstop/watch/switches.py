"""Where grad mode was switched off, in this thread."""

import os
import threading
from types import FrameType
from typing import Any

import torch

from gradstop.watch.lines import Line, line_of_switch

_GRAD_MODE = os.path.join(os.path.dirname(torch.__file__), "autograd", "grad_mode.py")
UNKNOWN = Line("?", 0, "?")
MOST_OPEN = 1_000


class Switches(threading.local):
    """The line by which grad mode is off, and what it was before each context that is open."""

    def __init__(self) -> None:
        self.off: Line | None = None
        self._before: dict[int, Line | None] = {}  # by the id of the context

    def now(self) -> Line | None:
        """Return where grad mode was switched off; None where it is on."""
        return None if torch.is_grad_enabled() else self.off or UNKNOWN

    def set(self, on: bool, frame: FrameType) -> None:
        """Note that grad mode is set, by the frame that calls torch for it."""
        outer = frame.f_back
        if frame.f_code.co_name == "__init__" and outer is not None and outer.f_code.co_filename == _GRAD_MODE:
            frame = outer  # no_grad does it by set_grad_enabled
        self.note(frame.f_locals.get("self"), frame.f_code.co_name, on, frame)

    def note(self, context: Any, name: str, on: bool, frame: FrameType) -> None:
        """Note that a method of a context sets grad mode."""
        if name in ("__exit__", "__call__"):  # the second undoes what __init__ did: it is a decorator
            self.off = self._before.pop(id(context), None)
            if on:
                self.off = None
            return
        if not (name == "__enter__" and isinstance(context, torch.set_grad_enabled) and id(context) in self._before):
            if len(self._before) > MOST_OPEN:
                self._before.clear()  # of set_grad_enabled(...) that is called alone
            self._before[id(context)] = self.off
        self.off = None if on else line_of_switch(frame)
