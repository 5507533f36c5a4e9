"""Reads Gradescope's ``submission_metadata.yml``: whose each submission is, and when it came in."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml

from gradstop.course import CourseError
from gradstop.grading.collecting.archive import Entry
from gradstop.grading.intake.plain_files import UnreadableError, decode

METADATA = "submission_metadata.yml"


@dataclass(frozen=True)
class Submitter:
    """One who handed in."""

    name: str
    email: str
    sid: str


@dataclass(frozen=True)
class Submitted:
    """Who handed in a submission, one or a group, and when."""

    submitters: list[Submitter]
    moment: datetime | None


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
    """Reads Ruby's objects as plain data."""


def _plain(loader: Any, _: str, node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else loader.construct_scalar(node)


_Loader.add_multi_constructor("!ruby/", _plain)


def read_metadata(entry: Entry) -> dict[str, Submitted]:
    """Return who handed in what, by the submissions' folders.

    Raises:
        CourseError: where the file cannot be read.

    """
    try:
        found = yaml.load(decode(entry.read()), _Loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, UnreadableError, RecursionError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise CourseError(f"{entry.path} cannot be read: {said}. Download the submissions again.") from None
    if not isinstance(found, dict):
        raise CourseError(f"{entry.path} says nothing of who handed in: download the submissions again.")
    return {str(name): _submitted(one) for name, one in found.items() if isinstance(one, dict)}


def _submitted(told: dict[str, Any]) -> Submitted:
    people = _of(told, "submitters")
    return Submitted(
        [
            Submitter(*(str(_of(one, key) or "") for key in ("name", "email", "sid")))
            for one in (people if isinstance(people, list) else [])
            if isinstance(one, dict)
        ],
        _moment(_of(told, "created_at")),
    )


def _of(told: dict[str, Any], key: str) -> Any:
    """Return a value; Gradescope writes its keys as Ruby's symbols, with a colon."""
    return told.get(f":{key}", told.get(key))


def _moment(told: Any) -> datetime | None:
    if isinstance(told, dict):
        told = told.get("utc") or told.get("time")
    if isinstance(told, str):
        try:
            told = datetime.fromisoformat(told.strip().replace(" UTC", "+00:00"))
        except ValueError:
            return None
    if not isinstance(told, datetime):
        return None
    try:
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:  # past the last year
        return None
