"""Reads a record that an untrusted process reports: exact keys and types, bounded lengths."""

from typing import Any

from gradstop.grading.inside.channel import ProtocolError
from gradstop.record import Observation, Record

MAX_OBSERVATIONS = 200  # observations in one phase
MAX_TEXT = 400  # characters of one text
_RECORD = {"seen", "stopped"}


def parse_record(data: Any, case: str) -> Record:
    """Return the observations of a reported record, as those of ``case``.

    What was asked and given is not in the report: the judge knows it.

    Raises:
        ProtocolError: for any other form than ``Record.reported`` gives.

    """
    _require(isinstance(data, dict) and data.keys() == _RECORD, "a record")
    seen, stopped = data["seen"], data["stopped"]
    _require(isinstance(seen, list) and len(seen) <= MAX_OBSERVATIONS, "a list of observations")
    _require(stopped is None or _is_text(stopped), "a reason for stopping")
    return Record(case, (), tuple(_observation(item) for item in seen), stopped)


def _observation(data: Any) -> Observation:
    _require(isinstance(data, list) and len(data) == 4, "an observation")
    name, kind, value, note = data
    _require(_is_text(name) and _is_text(kind) and _is_text(note), "an observation's texts")
    return Observation(name, kind, value, note=note)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise ProtocolError(f"this is not {what}")
