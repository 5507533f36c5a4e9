"""Where an observer writes what it sees."""

from dataclasses import dataclass, field
from typing import Any

from gradstop.record import Json, Observation, Record


@dataclass
class ObservationLog:
    """Where an observer writes until a phase is committed; nothing written is lost by an error."""

    case: str
    given: list[str] = field(default_factory=list)
    written: list[Observation] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    features: set[str] | None = None  # of the exercise's domain, as far as the case has met them; None: nobody asks
    # What was raised: nothing of it is dropped before the end.
    errors: list[BaseException] = field(default_factory=list)
    # By identity: a leaf, and the ``.grad`` that was there when the case last looked, or gave it one.
    grads: dict[int, tuple[Any, Json]] = field(default_factory=dict)

    def write(self, observation: Observation) -> None:
        """Add an observation.

        Raises:
            ValueError: if its name has been used in this case.

        """
        if observation.name in self.names:
            raise ValueError(f"case {self.case!r} observes {observation.name!r} twice: give each its own name")
        self.names.add(observation.name)
        self.written.append(observation)

    def take(self, stopped: str | None = None) -> Record:
        """Hand over what has been written since the last time, and forget it."""
        record = Record(self.case, tuple(self.given), tuple(self.written), stopped)
        self.given, self.written = [], []
        return record


def as_json(values: dict[str, Any]) -> Json:
    """Sort a small dictionary by key, so that equal observations are equal as text."""
    return {key: values[key] for key in sorted(values)}
