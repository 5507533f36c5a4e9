"""The answer for a gradient that is all zeros: the operation that made it so, and what to look at."""

import re

from gradstop.watch.events import Story
from gradstop.watch.kinds import FLAT_NODES
from gradstop.watch.lines import Line
from gradstop.watch.words import Answer
from gradstop.watch.zeros import HOOK, START, SUM, Culprit

STRAIGHT = "go straight through: x + (x.round() - x).detach()"
_RANDOM = "rsample(), or the noise made apart: mean + std * torch.randn_like(std)"
_DISCRETE = "go straight through: p + (p.bernoulli() - p).detach(); or torch.distributions.RelaxedBernoulli's rsample()"
_COUNTS = "go straight through: rate + (rate.poisson() - rate).detach()"
_DRAWN = {"Normal": _RANDOM, "Bernoulli": _DISCRETE, "Poisson": _COUNTS}
_OF_MODULE = "BackwardHookFunction"  # what torch puts into the graph for a module's hooks
_OUTSIDE = "its values are all where it is flat: look at the bias, the first values, the size of the steps"
_SATURATED = "it is saturated, or goes over one element: look at the values that go into it, and at dim"
_FACTOR = "its other factor is zero: look at the weight of the term, at a mask, at a dropout's p"
_OTHER = "its other factor is all zeros: look at what makes it so; of two factors one at most may begin with zeros"
_NAN = "look at the numbers there: a softmax of -inf alone, 0 / 0, the log or sqrt of a negative one, NaN in the data"
_LOOK = {
    ("Relu", "LeakyRelu", "Clamp", "Hardtanh", "Hardsigmoid", "Threshold", "Maximum", "Minimum"): _OUTSIDE,
    ("Tanh", "Sigmoid", "Softmax", "LogSoftmax", "Erf", "LogSigmoid"): _SATURATED,
    ("Mul", "NativeDropout", "Where", "MaskedFill"): _FACTOR,
    ("Mm", "Addmm", "Bmm", "Baddbmm", "Mv", "Convolution"): _OTHER,
}


def is_flat(culprit: Culprit) -> bool:
    """Whether an operation has a slope of zero everywhere."""
    return culprit.operation.startswith(FLAT_NODES)


def cancels(story: Story, culprit: Culprit) -> bool:
    """Whether several gradients of a leaf add up to zero, as those of a critic's bias do."""
    return culprit.operation == SUM and not story.hooked and not culprit.terms


def written_answer(what: str, written: Line, more: tuple[tuple[str, Line], ...] = ()) -> Answer:
    """Return the answer for a gradient that was written with zeros after the backward."""
    reason = f"{what} has a gradient of zeros: it was written after the backward."
    lines = (("written here", written), *more)
    return Answer("zero", reason, lines, "look at what it is multiplied by there, or filled with", "zero")


def nan_answer(story: Story, what: str, culprit: Culprit) -> Answer:
    """Return the answer for a gradient with NaN."""
    event = story.events.get(culprit.tag[0]) if culprit.tag is not None else None
    name = event.name if event else _named(culprit)
    if culprit.forward and culprit.tag is not None:
        reason = f"{what} has a gradient with NaN, as the loss is NaN: {name} had it forward, before any backward."
        return Answer("nan", reason, ((f"{name} takes or makes NaN", culprit.tag[1]),), _NAN, "nan")
    lines = ((f"{name} is infinite or NaN backwards", culprit.tag[1]),) if culprit.tag is not None else ()
    reason = f"{what} has a gradient with NaN: it came into the backward of {name} finite, and left it otherwise."
    mend = "keep what goes into it away from there (clamp_min, eps, where); a where after it is too late"
    return Answer("nan", reason, lines, mend, "nan")


def _named(culprit: Culprit) -> str:
    return re.sub(r"Backward\d*$", "", culprit.operation)


def zero_answer(story: Story, what: str, culprit: Culprit, number: int) -> Answer:
    """Return the answer for a gradient that is all zeros."""
    if culprit.operation == START:
        reason = f"{what} has a gradient of zeros: the gradient that backward began with is zero."
        return Answer("zero", reason, (), "look at the factor of the loss", "zero")
    if cancels(story, culprit):
        reason = f"{what} has a gradient of zeros: the gradients of several terms add up to zero."
        return Answer("zero", reason, (), "nothing, where the terms are meant to cancel out", "zero")
    if culprit.terms and culprit.tag is not None and not story.hooked:
        return _cancelled(what, culprit, culprit.tag[1])
    if culprit.operation in (HOOK, SUM) or culprit.operation.startswith(_OF_MODULE):
        return _hooked(story, what, culprit, number)
    name = _named(culprit)
    lines: tuple[tuple[str, Line], ...] = ()
    event = story.events.get(culprit.tag[0]) if culprit.tag is not None else None
    if culprit.tag is not None:
        lines = ((f"{event.name if event else name} gives zeros", culprit.tag[1]),)
    reason = f"{what} has a gradient of zeros: it comes into {name} and leaves it as zeros."
    if is_flat(culprit):
        mend = next((its for drawn, its in _DRAWN.items() if name.startswith(drawn)), STRAIGHT)
        return Answer("zero", reason, lines, mend, "round")
    if event is not None and event.name.endswith(".apply"):
        return Answer("zero", reason, lines, f"look at what the backward of {name} returns", "by hand")
    mend = next((look for names, look in _LOOK.items() if name.startswith(names)), "look at the values that go into it")
    return Answer("zero", reason, lines, mend, "zero")


def _cancelled(what: str, culprit: Culprit, made: Line) -> Answer:
    """Answer for an interior tensor that is added and subtracted again."""
    taken = dict.fromkeys(tag[1] for tag in culprit.terms)
    lines = (("it was made here", made), *(("taken here", line) for line in taken))
    reason = f"{what} has a gradient of zeros: those that come back to one interior tensor add up to zero."
    mend = "detach() one of them where it was to go straight through: z + (q - z).detach()"
    return Answer("zero", reason, lines, mend, "round")


def _hooked(story: Story, what: str, culprit: Culprit, number: int) -> Answer:
    if culprit.operation in (HOOK, SUM):
        of, hooks = "a hook", [line for tensor, line in story.hooked.items() if tensor == number]
        hooks = hooks or list(story.hooked.values())
    else:
        of, hooks = "a hook of a module's", list(story.module_hooks)
    lines = tuple(("a hook was put on here", line) for line in hooks[:2])
    reason = f"{what} has a gradient of zeros: {of} turned it into zeros."
    return Answer("zero", reason, lines, "take the hook off: handle.remove()", "zero")
