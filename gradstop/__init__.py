"""Where Gradients Stop: draw, observe, compare and check what PyTorch's autograd does."""

import logging
import os
import sys
from importlib import import_module
from typing import Any

_HOME = {
    "check": "gradstop.checking.check",
    "curves": "gradstop.drawing",
    "describe": "gradstop.drawing",
    "draw": "gradstop.drawing",
    "explore": "gradstop.programs.explore",
    "memory_profile": "gradstop.drawing",
    "step_through": "gradstop.drawing",
    "table": "gradstop.drawing",
}
logging.getLogger(__name__).addHandler(logging.NullHandler())  # who wants to hear of it says so
__version__ = "0.1.0"
__all__ = ["check", "curves", "describe", "draw", "explore", "memory_profile", "step_through", "table", "watch"]


def __getattr__(name: str) -> Any:
    """Load a package only when it is asked for, so that a check does not pay for a drawing."""
    if name == "watch":
        return import_module("gradstop.watch")
    if name not in _HOME:
        raise AttributeError(f"module 'gradstop' has no attribute {name!r}")
    try:
        return getattr(import_module(_HOME[name]), name)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == __name__:
            raise
        raise ImportError(f"gradstop.{name} needs {missing.name}: pip install {missing.name}") from None
    except (AttributeError, ImportError) as error:  # ``from gradstop import …`` would say that there is no such name
        raise ImportError(f"gradstop.{name} cannot be loaded: {error}{_hidden_by(error)}") from error


def _hidden_by(error: AttributeError | ImportError) -> str:
    """Return what to do where a file of the learner's, such as ``torch.py``, was loaded in the place of a module."""
    file = error.path if isinstance(error, ImportError) else getattr(error.obj, "__file__", None)
    if not file or os.path.dirname(os.path.abspath(file)) not in (os.getcwd(), os.path.abspath(sys.path[0])):
        return ""
    return f". {os.path.basename(file)} in this folder hides the module of that name: rename it, and restart Python"


def load_ipython_extension(shell: Any) -> None:
    """Add ``%%watch`` to IPython: ``%load_ext gradstop``."""
    import_module("gradstop.watch.ipython").load(shell)
