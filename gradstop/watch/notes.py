"""What else a later answer needs of a call: what numbers it was made of, a factor 0, a mode, a copy onto itself."""

from typing import Any

from torch import Tensor
from torch.nn import Parameter

from gradstop.internals.torch_calls import no_overrides
from gradstop.watch import kinds
from gradstop.watch.events import Story
from gradstop.watch.records import OwnMemory

MOST_FLOATS = 2_000
MOST_NUMBERS = 100


def note_of(story: Story, kind: int, name: str, args: Any, kwargs: Any, inputs: Any, result: Any) -> Any:
    """Return what is noted of a call, None for nothing."""
    if kind == kinds.LEAVE:
        if isinstance(result, float) and inputs:
            if len(story.floats) > MOST_FLOATS:
                story.floats.clear()
            story.floats[result] = inputs[0][0]
        return None
    if name in kinds.FACTORS:
        return factor(args)
    if name == kinds.COPY:
        return _own_memory(story, *args[:2]) if len(args) > 1 else None
    if name in kinds.FACTORIES:
        numbers = args[name == "new_tensor" :]
        return _from_floats(story, numbers[0]) if numbers and not inputs and result.is_floating_point() else None
    given = args[5] if len(args) > 5 else kwargs.get("training", kwargs.get("use_input_stats", False))
    return bool(given)  # of a normalisation: whether it moves the running statistics; no version tells


def factor(args: Any) -> Any:
    """Return what is noted of a product: whether a factor is the number 0."""
    return kinds.ZERO if any(isinstance(value, int | float) and value == 0 for value in args) else None


def _own_memory(story: Story, written: Any, source: Any) -> OwnMemory | None:
    """Return what is noted where a tensor is written with another that is the same memory: since when that is there."""
    with no_overrides():
        if not isinstance(source, Tensor) or isinstance(source, Parameter) or written is source:
            return None
        other = story.find(source)
        if other is None or not other.memory or not written.is_set_to(source):
            return None
        return OwnMemory(other.number, other.first, other.memory)


def _from_floats(story: Story, value: Any) -> Any:
    """Return the tensors whose ``item()`` these numbers are."""
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(story.floats[v] for v in values[:MOST_NUMBERS] if isinstance(v, float) and v in story.floats)
