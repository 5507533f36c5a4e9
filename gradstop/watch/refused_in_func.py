"""Explains what torch.func refuses: what its transforms cannot follow, or cannot differentiate."""

from gradstop.watch.constants import FROM_TENSOR, MOST_LEFT
from gradstop.watch.events import Story
from gradstop.watch.kinds import LEAVING
from gradstop.watch.refused_call import Call
from gradstop.watch.words import Answer


def number_in_vmap(call: Call) -> list[Answer]:
    """Explain that a number was to be taken out of a batch."""
    if call.refused.name in ("__getitem__", "__setitem__"):
        reason = "Inside vmap a tensor is indexed by a number that is another one for each element of the batch."
        mend = "x.gather(0, i[None]) or torch.index_select(x, 0, i[None]) in the place of x[i]"
        return [Answer("refused", reason, (("indexed here", call.refused.line),), mend, "vmap item")]
    reason = f"{call.refused.name}() takes a number out of a tensor that stands for a whole batch inside vmap."
    mend = "torch.where(condition, a, b) in the place of an if; return the tensor, and take numbers out after vmap"
    return [Answer("refused", reason, (("leaves torch here", call.refused.line),), mend, "vmap item")]


def without_setup(call: Call) -> list[Answer]:
    """Explain that a Function has no ``setup_context``."""
    reason = f"{call.refused.name} was called inside torch.func, which wants forward and setup_context apart."
    mend = "forward without ctx, and setup_context(ctx, inputs, output) that saves; generate_vmap_rule = True"
    return [Answer("refused", reason, (("called here", call.refused.line),), mend, "setup_context")]


def in_place_in_vmap(call: Call) -> list[Answer]:
    """Explain that a batched tensor was to be written into one that is not."""
    if not call.refused.in_func:
        return []
    reason = "Inside vmap a tensor of the batch is to be written into one that is the same for all of it."
    mend = "write out of place (torch.cat, torch.stack, x + y), or make the tensor from a batched one: x.new_zeros(...)"
    return [Answer("refused", reason, ((f"{call.refused.name} writes here", call.refused.line),), mend, "vmap write")]


def number_returned(story: Story) -> list[Answer]:
    """Explain that the function returned a number."""
    left = dict.fromkeys(e.line for e in story.events.values() if e.in_func and e.name in LEAVING)
    reason = "The function that torch.func is to differentiate returned no tensor."
    lines = tuple(("leaves torch here", line) for line in list(left)[-MOST_LEFT:])
    return [Answer("refused", reason, lines, FROM_TENSOR, "numpy")]
