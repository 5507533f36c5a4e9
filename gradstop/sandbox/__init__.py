"""A sandbox for one process and all that comes from it, made of Linux namespaces, limits and a filter of system calls.

It imports nothing of the rest of ``gradstop``, needs no root and no installed program, and fails closed: what cannot be
walled in is not run.
"""

from gradstop.sandbox.enter import missing, run_inside
from gradstop.sandbox.limits import Limits, has_free_space
from gradstop.sandbox.view import WORK, interpreter_paths

__all__ = ["WORK", "Limits", "has_free_space", "interpreter_paths", "missing", "run_inside"]
