"""What a walk along the calls of a story comes to, forward and back."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gradstop.watch.records import Event


@dataclass
class Reached:
    """What values reached: each tensor with the one before it and the call between."""

    tensors: dict[int, tuple[int, Event | None] | None]
    events: dict[int, Event] = field(default_factory=dict)

    def way_to(self, number: int) -> Iterator[Event]:
        """Yield the calls on a way to a tensor, from its end."""
        while (step := self.tensors.get(number)) is not None:
            number, event = step
            if event is not None:
                yield event


@dataclass
class Origin:
    """Where a constant came from."""

    cuts: dict[int, Event] = field(default_factory=dict)
    outside: dict[int, Event] = field(default_factory=dict)  # made from numbers, not from tensors
    ends: list[int] = field(default_factory=list)  # tensors that no call made
    aliases: list[int] = field(default_factory=list)
