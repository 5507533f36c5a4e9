"""How long one check takes, beside the assertions that a course would write by hand.

Both run alternately in one process, with reference and answer loaded, as on a learner's second check. The hand-written
test of an exercise looks at one input; a check looks at every trial of every case and words the result.

Run: ``python benchmarks/check_time.py [rounds]``. Prints a table of medians in milliseconds.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from gradstop.checking.check import run_check
from gradstop.checking.recording import read_recording
from gradstop.compare import as_html
from gradstop.course import Assignment, assignments, load_solutions

ROOT = Path(__file__).resolve().parent.parent


def by_hand(function: Callable) -> None:
    """Assert what a short unit test of ``stop`` would."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = function(x)
    assert not y.requires_grad
    assert y.data_ptr() == x.data_ptr()
    (x * y).sum().backward()
    assert torch.allclose(x.grad, torch.tensor([1.0, 2.0]))


def milliseconds(run: Callable[[], object]) -> float:
    """Time one call."""
    begin = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - begin)


def main(rounds: int) -> None:
    """Time every exercise of every assignment."""
    runs: dict[str, Callable[[], object]] = {}
    counts: dict[str, int] = {}
    for assignment in assignments(ROOT):
        solutions = load_solutions(assignment.notebook)
        recording = read_recording(Assignment(ROOT / "exercises" / assignment.name))
        if "stop" in solutions:
            runs["stop, by hand"] = lambda f=solutions["stop"]: by_hand(f)
        for name, reference in recording.references.items():
            label = f"check({name!r})"
            counts[label] = sum(map(len, reference.trials.values()))
            runs[label] = lambda f=solutions[name], all_=recording, r=reference: as_html(run_check(f, all_, r))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(milliseconds(run))
    print(f"{'':<32}{'median ms':>10}{'max ms':>10}{'trials':>8}")
    for name, found in times.items():
        print(f"{name:<32}{statistics.median(found[1:]):>10.1f}{max(found[1:]):>10.1f}{counts.get(name, 1):>8}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
