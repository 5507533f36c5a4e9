"""Reads a record that an untrusted process reports: exact keys and types, bounded lengths."""

from typing import Any

from gradstop.observe import Observation, Record
from gradstop.observe.channel import ProtocolError

MOST = 200  # observations in one phase
LONGEST = 400  # characters of one text
_RECORD = {"case", "given", "observations", "stopped"}
_OBSERVATION = {"name", "kind", "value", "asked", "read", "note"}


def parse_record(data: Any, case: str) -> Record:
    """Return the observations of a reported record, as those of ``case``.

    What the report says of the inputs and the requirements is dropped: the judge has its own. Raises ProtocolError
    for any other form.
    """
    _require(isinstance(data, dict) and data.keys() == _RECORD, "a record")
    observations, stopped = data["observations"], data["stopped"]
    _require(isinstance(observations, list) and len(observations) <= MOST, "a list of observations")
    _require(stopped is None or _is_text(stopped), "a reason for stopping")
    return Record(case, (), tuple(_observation(item) for item in observations), stopped)


def _observation(data: Any) -> Observation:
    _require(isinstance(data, dict) and data.keys() == _OBSERVATION, "an observation")
    texts = (data["name"], data["kind"], data["note"])
    _require(all(_is_text(text) for text in texts), "an observation's texts")
    name, kind, note = texts
    return Observation(name, kind, data["value"], note=note)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise ProtocolError(f"this is not {what}")
