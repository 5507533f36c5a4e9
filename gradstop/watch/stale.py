"""What a backward is about to use although it was changed in silence: torch compares versions, and these stay."""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node

from gradstop.internals.torch import saved_fields, saved_tensors
from gradstop.watch.events import Story
from gradstop.watch.records import Stale
from gradstop.watch.walk import lines_of_nodes


def stale(story: Story, roots: Sequence[Tensor], calls: set[int]) -> tuple[Stale, ...]:
    """Return what the graph behind some tensors saved before a write that raised no version.

    Args:
        story: what was seen.
        roots: where the backward starts.
        calls: the numbers of the calls that the graph is made of.

    """
    if not story.silent or not calls or min(calls) > story.silent[-1].number:
        return ()
    found = {}
    for node, (number, line, _) in lines_of_nodes(roots).items():
        later = [write for write in story.silent if write.number > number]
        for memory in _saved_memories(node) if later else ():
            write = next((write for write in later if memory in write.memories), None)
            if write is not None:
                found[memory] = Stale(memory, line, write.line, write.name)
    return tuple(found.values())


def _saved_memories(node: Node) -> Iterator[int]:
    for field in saved_fields(type(node)):
        try:
            saved: Any = saved_tensors(node, field)
        except (RuntimeError, AttributeError):  # freed, or edited: the backward itself says so
            continue
        for tensor in saved if isinstance(saved, list | tuple) else [saved]:
            if isinstance(tensor, Tensor):
                yield tensor.untyped_storage().data_ptr()
