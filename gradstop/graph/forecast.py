"""Which tensors a backward will fill, and why that may turn out otherwise: code that runs within it can decide."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from gradstop.graph.engine import Run
from gradstop.graph.live import Live, Place
from gradstop.graph.verdicts import user_hooks
from gradstop.graph.walk import reached
from gradstop.graph.writers import Writing, writing

_MOST_RUNS = 8


@dataclass(frozen=True)
class Prediction:
    """What is predicted of one ``.grad``.

    Attributes:
        kind: "filled", "not reached", or "raises": the backward raises before it comes there.
        doubt: why that may turn out otherwise; where something raises, what does.

    """

    kind: Literal["filled", "not reached", "raises"] = "not reached"
    doubt: str = ""

    @property
    def rank(self) -> int:
        """How much is known to come: of several backwards the best one counts."""
        return {"filled": 3 if not self.doubt else 2, "raises": 1, "not reached": 0}[self.kind]


class Forecast:
    """What the backwards from some tensors come to, each simulated as torch's engine would.

    Args:
        live: what runs within them.
        starts: the outputs of nodes from which they start.
        may_start_elsewhere: whether a backward may also start from one that is behind another, where that one raises.

    """

    def __init__(self, live: Live, starts: Iterable[Place], may_start_elsewhere: bool) -> None:
        self.live = live
        starts = list(dict.fromkeys(starts))
        behind = reached([end for node, _ in starts for end in live.targets[node]], live.targets)
        first = [start for start in starts if start[0] not in behind]
        self.runs = list(self._run(first))
        if may_start_elsewhere and any(run.raised is not None for run in self.runs):
            self.runs += self._run([start for start in starts if start[0] in behind])

    def _run(self, starts: Sequence[Place]) -> Iterator[Run]:
        apart = [[start] for start in starts] if len(starts) <= _MOST_RUNS else [list(starts)]
        return (Run(self.live, together) for together in apart)

    def of_leaf(self, accumulator: int) -> Prediction:
        """Return what is predicted of the leaf that a node fills."""
        return self._best(_predicted(run, run.filled.get(accumulator), accumulator) for run in self.runs)

    def of_interior(self, place: Place) -> Prediction:
        """Return what is predicted of a tensor that retains its gradient."""
        return self._best(_predicted(run, run.kept.get(place), place[0]) for run in self.runs)

    def of_others(self) -> Prediction:
        """Return what is predicted of a tensor that no backward comes to by the graph."""
        who, how = self._writer
        return Prediction(
            "not reached", f"{who} {'runs a backward of its own' if how == 'fills' else 'may fill it'}" if who else ""
        )

    def _best(self, found: Iterable[Prediction]) -> Prediction:
        best = max(found, key=lambda one: one.rank, default=Prediction())
        if best.kind == "not reached":
            return self.of_others()
        who, how = self._writer
        if best.kind == "filled" and not best.doubt and how == "writes":
            return Prediction("filled", f"{who} may clear it")
        return best

    @cached_property
    def _writer(self) -> tuple[str, Writing]:
        """Who may write a ``.grad`` beside the graph's own way: one that may clear it first, else one that fills it."""
        found = [(who, how) for who, how in self._writers() if how]
        return min(found, key=lambda one: one[1] != "writes", default=("", ""))

    def _writers(self) -> Iterator[tuple[str, Writing]]:
        live, come = self.live, set().union(*(run.reached for run in self.runs))
        for node, backward in live.functions.items():
            if node in come:
                yield f"the Function {live.operations[node]}", writing(backward, *vars(live.nodes[node]).values())
        for node, hook, who in live.hooks():
            if node in come:
                yield from ((who, writing(one)) for one in (hook, *user_hooks(hook)))


def _predicted(run: Run, doubt: str | None, node: int) -> Prediction:
    if doubt is not None:
        return Prediction("filled", doubt)
    if run.raised is not None and node in run.reached and node not in run.ran:
        return Prediction("raises", run.raised)
    return Prediction()
