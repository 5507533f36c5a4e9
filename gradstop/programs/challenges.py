"""What a reader is asked to bring about, and the programs that surprise most."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gradstop.programs.choices import CHOICES, Selection, select
from gradstop.programs.run import Outcome
from gradstop.programs.verdict import CUT, NOTHING, RAISES, RIGHT, WRONG, Judgement


@dataclass(frozen=True)
class Challenge:
    """A task, and when a program solves it.

    Attributes:
        text: what is asked.
        verdicts: those that solve it.
        start: the program to begin with.
        changes: how many choices may differ from ``start``.
        needs: for a choice by name, the options that may be taken.
        line: the line that must raise, or None.

    """

    text: str
    verdicts: tuple[str, ...]
    start: Selection = field(default_factory=select)
    changes: int = len(CHOICES)
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    line: int | None = None

    def is_solved(self, selection: Selection, outcome: Outcome, judgement: Judgement) -> bool:
        """Whether a program solves it."""
        taken = zip(CHOICES, selection, strict=True)
        return (
            judgement.verdict in self.verdicts
            and sum(one != other for one, other in zip(selection, self.start, strict=True)) <= self.changes
            and all(c.options[o] in self.needs[c.name] for c, o in taken if c.name in self.needs)
            and (self.line is None or (outcome.raised is not None and outcome.raised.line == self.line))
        )


EDITED = {"op": "w.exp()", "cut": "z = y.detach()"}
ONCE = {"before": ("optimizer.zero_grad()",), "backward": ("loss.backward()",)}
TWICE = {"backward": ("loss.backward(); loss.backward()", "loss.backward(retain_graph=True); loss.backward()")}
CHALLENGES = (
    Challenge("Let the gradient vanish without an error.", (NOTHING,)),
    Challenge("Change one choice, so that backward raises.", (RAISES,), select(**EDITED), 1, line=8),
    Challenge(
        "This program raises. Change one choice, so that it is wrong and nothing says so.",
        (WRONG,),
        select(**EDITED, edit="z += 1"),
        1,
    ),
    Challenge(
        "The same program. Change one choice, so that it is right.", (RIGHT,), select(**EDITED, edit="z += 1"), 1
    ),
    Challenge(
        "Call backward twice without retain_graph, and let nothing raise.",
        (RIGHT, CUT, NOTHING, WRONG),
        needs={"backward": TWICE["backward"][:1]},
    ),
    Challenge("Call backward twice, and let w.grad be the derivative of the loss all the same.", (RIGHT,), needs=TWICE),
    Challenge(
        "Let an optimizer's step come before backward, and let the gradient be right.",
        (RIGHT,),
        needs={"before": ("optimizer.step(); optimizer.zero_grad()",)},
    ),
    Challenge(
        "Change w before backward, so that the gradient is wrong and nothing says so.",
        (WRONG,),
        needs={
            "before": ("w.data -= 0.1; optimizer.zero_grad()",),
            "backward": ("loss.backward()",),
            "edit": ("pass",),
        },
    ),
    Challenge(
        "Use inference_mode, and let the gradient be right.",
        (RIGHT,),
        needs={"cut": ("with torch.inference_mode(): z = y * 1",)},
    ),
    Challenge(
        "Spoil the gradient through NumPy's memory, without an error.",
        (WRONG,),
        needs={"cut": ("z = torch.from_numpy(y.detach().numpy())",), **ONCE},
    ),
)
DETACHED = "z = y.detach()"
SURPRISES = tuple(
    select(**texts)
    for texts in (
        {"op": "w ** 2", "cut": DETACHED, "edit": "z *= 2"},
        {"op": "w.exp()", "cut": "z = y.data", "edit": "z += 1"},
        {"op": "w.exp()", "cut": DETACHED, "edit": "z += 1"},
        {"op": "w.exp()", "cut": "z = torch.from_numpy(y.detach().numpy())", "edit": "z += 1"},
        {"op": "w ** 2", "cut": "z = y", "edit": "with torch.no_grad(): z *= 2"},
        {"op": "w ** 2", "before": "w.data -= 0.1; optimizer.zero_grad()"},
        {"op": "w ** 2", "before": "optimizer.step(); optimizer.zero_grad()"},
        {"op": "w.exp()", "before": "optimizer.step(); optimizer.zero_grad()"},
        {"cut": "z = y.detach().requires_grad_()", "loss": "z.sum()"},
        {"cut": "z = y.detach().requires_grad_()", "loss": "z.sum()", "before": "pass"},
        {"cut": DETACHED, "backward": "loss.backward(); loss.backward()"},
        {"op": "w ** 2", "cut": DETACHED, "loss": "(y * z).sum()", "backward": TWICE["backward"][1]},
    )
)
