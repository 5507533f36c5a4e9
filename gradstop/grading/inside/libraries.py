"""How libraries are set in a submission's process: none starts a thread of its own, or a compiler."""

from typing import Any

import torch
from tqdm import tqdm


def start_no_monitor() -> None:
    """Let no progress bar start the thread that watches it: torch shows bars too, while it compiles."""
    tqdm.monitor_interval = 0


def compile_to_graphs_only() -> None:
    """Let the default backend stop where inductor would generate code: the graphs of AOTAutograd run as they are.

    What a compiled function does to tensors and their graph is decided there. To generate code takes a C++ compiler,
    some ten seconds for a function, and processes of its own.
    """

    def call(_: Any, model: Any, inputs: Any, **__: Any) -> Any:
        from torch._dynamo.backends.debugging import aot_eager

        return aot_eager(model, inputs)

    torch._TorchCompileInductorWrapper.__call__ = call
