"""What one run of a case has seen: named observations, as plain JSON."""

from dataclasses import dataclass
from typing import Any, NamedTuple

Json = Any


class Setup(NamedTuple):
    """What one phase of a case is drawn from: a seed for its numbers, and an option of each choice, in order.

    A choice past the last of ``options`` is drawn from the seed. As JSON it is ``[seed, [option, …]]``.
    """

    seed: int
    options: tuple[int, ...] = ()


Setups = tuple[Setup, Setup]  # of a case's first phase and of its second


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

    def reported(self) -> Json:
        """Return what a judge is told: name, kind, value and note."""
        return [self.name, self.kind, self.value, self.note]


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

    def reported(self) -> Json:
        """Return what a judge is told: the observations, and what stopped the case."""
        return {"seen": [one.reported() for one in self.observations], "stopped": self.stopped}
