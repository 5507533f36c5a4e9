"""A call that torch refused, and what made its inputs."""

from collections.abc import Callable
from dataclasses import dataclass

from gradstop.watch.events import Story
from gradstop.watch.lines import Line
from gradstop.watch.names import Names
from gradstop.watch.records import Event, Refused


@dataclass(frozen=True)
class Call:
    """A call that was refused."""

    story: Story
    names: Names
    refused: Refused


def last(call: Call, ok: Callable[[Event], bool]) -> Event | None:
    """Return the last call of this kind that made one of the inputs of the call that was refused."""
    found = [event for number in call.refused.inputs if (event := call.story.made(number)) is not None and ok(event)]
    return max(found, key=lambda event: event.number, default=None)


def made_by(call: Call) -> tuple[tuple[str, Line], ...]:
    """Return the line of the last call that made one of the inputs."""
    made = last(call, lambda _: True)
    return ((f"{made.name} made it here", made.line),) if made else ()
