"""The answer for a gradient that is all zeros: the operation that made it so, and what to look at."""

from gradstop.watch.events import Story
from gradstop.watch.lines import Line
from gradstop.watch.words import Answer
from gradstop.watch.zeros import HOOK, START, SUM, Culprit

_FLAT = ("Round", "Floor", "Ceil", "Trunc", "Sign")
_OF_MODULE = "BackwardHookFunction"  # what torch puts into the graph for a module's hooks
_OUTSIDE = "its values are all where it is flat: look at the bias, the first values, the size of the steps"
_SATURATED = "it is saturated, or goes over one element: look at the values that go into it, and at dim"
_FACTOR = "its other factor is zero: look at the weight of the term, at a mask, at a dropout's p"
_LOOK = {
    ("Relu", "LeakyRelu", "Clamp", "Hardtanh", "Hardsigmoid", "Threshold", "Maximum", "Minimum"): _OUTSIDE,
    ("Tanh", "Sigmoid", "Softmax", "LogSoftmax", "Erf", "LogSigmoid"): _SATURATED,
    ("Mul", "NativeDropout", "Where", "MaskedFill"): _FACTOR,
}


def is_flat(culprit: Culprit) -> bool:
    """Whether an operation has a slope of zero everywhere."""
    return culprit.operation.startswith(_FLAT)


def cancels(story: Story, culprit: Culprit) -> bool:
    """Whether several gradients add up to zero, as those of a critic's bias do."""
    return culprit.operation == SUM and not story.hooked


def zero_answer(story: Story, what: str, culprit: Culprit, number: int) -> Answer:
    """Return the answer for a gradient that is all zeros."""
    if culprit.operation == START:
        reason = f"{what} has a gradient of zeros: the gradient that backward began with is zero."
        return Answer("zero", reason, (), "look at the factor of the loss", "zero")
    if cancels(story, culprit):
        reason = f"{what} has a gradient of zeros: the gradients of several terms add up to zero."
        return Answer("zero", reason, (), "nothing, where the terms are meant to cancel out", "zero")
    if culprit.operation in (HOOK, SUM) or culprit.operation.startswith(_OF_MODULE):
        return _hooked(story, what, culprit, number)
    name = culprit.operation.removesuffix("Backward0").removesuffix("Backward1").removesuffix("Backward")
    lines: tuple[tuple[str, Line], ...] = ()
    if culprit.tag is not None:
        event = story.events.get(culprit.tag[0])
        lines = ((f"{event.name if event else name} gives zeros", culprit.tag[1]),)
    reason = f"{what} has a gradient of zeros: it comes into {name} and leaves it as zeros."
    if is_flat(culprit):
        return Answer("zero", reason, lines, "go straight through: x + (x.round() - x).detach()", "round")
    mend = next((look for names, look in _LOOK.items() if name.startswith(names)), "look at the values that go into it")
    return Answer("zero", reason, lines, mend, "zero")


def _hooked(story: Story, what: str, culprit: Culprit, number: int) -> Answer:
    if culprit.operation in (HOOK, SUM):
        of, hooks = "a hook", [line for tensor, line in story.hooked.items() if tensor == number]
        hooks = hooks or list(story.hooked.values())
    else:
        of, hooks = "a hook of a module's", list(story.module_hooks)
    lines = tuple(("a hook was put on here", line) for line in hooks[:2])
    reason = f"{what} has a gradient of zeros: {of} turned it into zeros."
    return Answer("zero", reason, lines, "take the hook off: handle.remove()", "zero")
