"""What one run of a case has seen: named observations, as plain JSON."""

from dataclasses import asdict, dataclass, field
from typing import Any

from gradstop.observe.encode import Json


@dataclass(frozen=True)
class Observation:
    """One thing that was seen.

    ``kind`` says how ``value`` is compared and worded. ``asked`` is the requirement in a sentence,
    ``read`` the section that explains it (``"03-detach#same-memory-new-tensor"``), ``note`` what helps a
    reader and is never compared (an error's message).
    """

    name: str
    kind: str
    value: Json
    asked: str = ""
    read: str = ""
    note: str = ""


@dataclass(frozen=True)
class Record:
    """The observations of one run of a case, in order.

    ``given`` describes the inputs. ``stopped`` is None, or the error that ended the case half-way; what had
    been observed until then is kept.
    """

    case: str
    given: tuple[str, ...] = ()
    observations: tuple[Observation, ...] = ()
    stopped: str | None = None

    def __add__(self, later: "Record") -> "Record":
        """Join the two phases of one case."""
        return Record(
            self.case,
            self.given + later.given,
            self.observations + later.observations,
            self.stopped or later.stopped,
        )

    def to_json(self) -> Json:
        """Return the record as dictionaries and lists; ``from_json`` reads it back."""
        return asdict(self)

    def reported(self) -> Json:
        """Return what a judge is told: of each observation name, kind, value and note; and what stopped the case."""
        return {"seen": [[o.name, o.kind, o.value, o.note] for o in self.observations], "stopped": self.stopped}

    @classmethod
    def from_json(cls, data: Json) -> "Record":
        """Read what ``to_json`` wrote. Raises TypeError or KeyError where the form is another."""
        seen = tuple(Observation(**item) for item in data["observations"])
        return cls(data["case"], tuple(data["given"]), seen, data["stopped"])


@dataclass
class Notebook:
    """Where an observer writes until a phase is committed; nothing written is lost by an error."""

    case: str
    given: list[str] = field(default_factory=list)
    written: list[Observation] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    # By identity: a leaf, and the ``.grad`` that was there when the case last looked, or gave it one.
    grads: dict[int, tuple[Any, Json]] = field(default_factory=dict)

    def write(self, observation: Observation) -> None:
        """Add an observation. Raises ValueError if its name has been used in this case."""
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
