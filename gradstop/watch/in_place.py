"""An edit in place: who saved what, and who wrote afterwards."""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node

from gradstop.internals.torch import parse_versions, saved_fields, saved_slots, saved_tensors
from gradstop.watch.events import Story
from gradstop.watch.lines import Line
from gradstop.watch.names import Names
from gradstop.watch.records import Event
from gradstop.watch.second_backward import carried, carriers, earlier_backward, is_carried
from gradstop.watch.tensors import version_of
from gradstop.watch.walk import Tag, lines_of_nodes
from gradstop.watch.words import Answer, shape_of

_FIELDS = {"self": "its input", "result": "its result", "weight": "its weight", "mat1": "its first factor"}
_FIELDS |= {"mat2": "its second factor", "other": "its second input", "input": "its input", "output": "its output"}


_OUT_OF_PLACE = "write out of place (x = x + 1), or write into a clone"
# Where a call of this name wrote.
_MEND = {
    "__setitem__": "torch.where or masked_fill; the parts in a list and torch.stack(parts); or write into a clone",
    "embedding": "max_norm writes the weight at each look-up: look up first, or use weight.clone() beside it",
}


def edited_after_saving(story: Story, roots: Sequence[Tensor], message: str) -> list[Answer]:
    """Explain torch's error about a saved tensor that was modified in place."""
    found = list(_edited(roots))
    exact = [item for item in found if item[3] == message]
    answers = [_answer(story, node, field, tag, text, roots) for node, field, tag, text in (exact or found)[:1]]
    return [answer for answer in answers if answer is not None]


def _edited(roots: Sequence[Tensor]) -> Iterator[tuple[Node, str, Tag, str]]:
    for node, tag in lines_of_nodes(roots).items():
        for field in saved_fields(type(node)):
            try:
                saved_tensors(node, field)
            except (RuntimeError, AttributeError) as error:
                if parse_versions(str(error)):
                    yield node, field, tag, str(error)


def _answer(story: Story, node: Node, field: str, tag: Tag, text: str, roots: Sequence[Tensor]) -> Answer | None:
    versions = parse_versions(text)
    tensor = _raw(node, field, text)
    if tensor is None:  # packed by a hook, as a checkpoint keeps what it was given
        tensor, field = _of_version(story, text, versions), ""
    saved = versions[0] if versions else 0
    names = Names(story)
    memory = tensor.untyped_storage().data_ptr() if tensor is not None else 0
    saver = story.events.get(tag[0])
    what = _called(story, names, tensor, memory, field)
    lines: list[tuple[str, Line]] = [(f"saved by {saver.name if saver else node.name()}", tag[1])]
    writers = [event for event in story.events.values() if event.number > tag[0] and memory in event.memories]
    writers = [event for event in writers if _version(event, memory) > saved]
    for event in list({event.line: event for event in writers}.values())[:3]:
        lines.append((f"written by {event.name}", event.line))
    notes: tuple[str, ...] = ()
    if not writers:
        lines += _between(story, memory)
        notes = ("It was written between these lines, by no call of torch that was seen.",) if len(lines) > 1 else ()
    stepped = any(event.name.endswith(".step") for event in writers)
    shared = earlier_backward(story, roots, kept=True)
    taken = next(carriers(story, roots, shared[0]), None) if shared is not None else None
    if shared is not None and taken is not None and is_carried(taken):
        state = carried(taken, shared[0])
        reason = f"{state.reason} Since then {what}, which that round saved, was written in place."
        return Answer("carried", reason, (*state.lines, *lines), state.mend, state.read, notes)
    reason = f"Backward needs {what} as it was when it was saved, and it was written in place afterwards."
    mend = next((_MEND[event.name] for event in writers if event.name in _MEND), _OUT_OF_PLACE)
    if stepped:
        reason = f"Backward needs {what} as it was in the forward, and an optimizer's step has changed it since."
        mend = "call all backward() before step(), do the forward again after it, or detach() what was kept from before"
    return Answer("edited", reason, tuple(lines), mend, "step" if stepped else "edited", notes)


def _version(event: Event, memory: int) -> int:
    return max(v for m, v in zip(event.memories, event.versions, strict=True) if m == memory)


def _raw(node: Node, field: str, text: str) -> Tensor | None:
    try:
        slots: Any = saved_slots(node, field)
    except (RuntimeError, AttributeError):
        return None
    for slot in slots if isinstance(slots, tuple) else [slots]:
        tensor = getattr(slot, "data", None)
        if isinstance(tensor, Tensor) and f"[{', '.join(map(str, tensor.shape))}]" in text:
            return tensor
    return None


def _of_version(story: Story, text: str, versions: tuple[int, int] | None) -> Tensor | None:
    """Return a tensor of the shape and the version that the message tells."""
    for _, tensor in story.alive():
        if versions and f"[{', '.join(map(str, tensor.shape))}]" in text and version_of(tensor) == versions[1]:
            return tensor
    return None


def _called(story: Story, names: Names, tensor: Tensor | None, memory: int, field: str) -> str:
    for known, other in story.alive():
        if memory and known.memory == memory and not names.of_tensor(other).startswith("a tensor"):
            return names.of_tensor(other)
    shape = f" ({shape_of(tuple(tensor.shape))})" if tensor is not None else ""
    return f"{_FIELDS.get(field, 'a saved tensor')}{shape}"


def _between(story: Story, memory: int) -> list[tuple[str, Line]]:
    numbers = {known.number for known, _ in story.alive() if known.memory == memory}
    for number, before, then in reversed(story.unseen):
        if number in numbers:
            return [("last seen unchanged", before), ("seen changed", then)]
    return []
