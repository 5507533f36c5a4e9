"""What a watch costs: a small Transformer's forward and backward, plain, watched, and in torch's anomaly mode.

The three run alternately in one process. Also measured: memory that is still there after the block.

Run: ``python benchmarks/watch.py [rounds]``. Prints medians in milliseconds and their ratios to plain.
"""

import gc
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import nn

from gradstop.watch import Watch


def main(rounds: int) -> None:
    """Time forward and backward."""
    torch.set_num_threads(1)
    layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
    net = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    batch = torch.randn(8, 32, 64)

    def step() -> None:
        net.zero_grad()
        net(batch).square().mean().backward()

    contexts: dict[str, Callable[[], Any]] = {
        "plain": nullcontext,
        "watch": Watch,
        "anomaly mode": torch.autograd.detect_anomaly,
    }
    times: dict[str, list[float]] = {name: [] for name in contexts}
    for _ in range(rounds):
        for name, context in contexts.items():
            with context():
                for _ in range(10):
                    begin = time.perf_counter()
                    step()
                    times[name].append(1000 * (time.perf_counter() - begin))
    plain = statistics.median(times["plain"])
    print(f"{'':<16}{'median ms':>10}{'ratio':>8}")
    for name, found in times.items():
        print(f"{name:<16}{statistics.median(found):>10.2f}{statistics.median(found) / plain:>8.2f}")
    mean = {name: statistics.mean(found) for name, found in times.items()}
    print(f"{'watch, mean':<16}{mean['watch']:>10.2f}{mean['watch'] / mean['plain']:>8.2f}")
    net.zero_grad()
    print(f"tensors left behind by a block: {_left_behind(lambda: (step(), net.zero_grad()))}")


def _left_behind(step: Callable[[], object]) -> int:
    """Return how many tensors a watched step leaves more than a plain one."""
    counts = []
    for context in (nullcontext(), Watch()):
        step()
        before = _count()
        with context:
            step()
        counts.append(_count() - before)
    return counts[1] - counts[0]


def _count() -> int:
    gc.collect()
    return sum(issubclass(type(item), torch.Tensor) for item in gc.get_objects())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
