"""Where the judge, itself without torch, gets an exercise's key from: a fork of the warm process makes it."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from gradstop.compare import Reference
from gradstop.course import Assignment, CourseError, graded_cells
from gradstop.grading.controls import Control
from gradstop.grading.room import Room
from gradstop.grading.seat import RoomLostError

JOB = "gradstop.grading.key.job:run"


@dataclass(frozen=True)
class Key:
    """What the solution and known wrong answers of an exercise do: its reference, its controls, its cases' titles."""

    reference: Reference
    controls: list[Control]
    titles: dict[str, str]


def secret_keys(assignment: Assignment, room: Room | None) -> dict[str, Key]:
    """Return the key to each exercise of an assignment of ``solutions/``, under secret seeds.

    Each is made in a fork of its own, as many at a time as there are cores; without a room, in this process. Raises
    CourseError where the assignment, or its code, is faulty.
    """
    exercises = [cell.grade_id for cell in graded_cells(assignment.notebook) if cell.solution]
    orders = [{"folder": str(assignment.folder), "exercise": name} for name in exercises]
    if room is None:
        from gradstop.grading.key.job import make_key  # brings torch

        return {order["exercise"]: _key(order, make_key(order)) for order in orders}
    makers = ThreadPoolExecutor(os.cpu_count())
    try:
        return dict(zip(exercises, makers.map(lambda order: _asked(order, room), orders), strict=True))
    finally:
        makers.shutdown(wait=False, cancel_futures=True)  # where it is stopped, the room's end is theirs too


def repeated_key(assignment: Assignment, exercise: str, setups: dict[str, Any], room: Room) -> Key:
    """Return the key to one exercise in given turns: for each case the setups of its turns. Raises CourseError."""
    return _asked({"folder": str(assignment.folder), "exercise": exercise, "setups": setups}, room)


def _asked(order: dict[str, Any], room: Room) -> Key:
    return _key(order, room.insist(lambda: _answer(room, order)))


def _key(order: dict[str, Any], data: Any) -> Key:
    if "problem" in data:
        raise CourseError(data["problem"])
    reference = Reference.from_json(order["exercise"], data["reference"])
    return Key(reference, [Control(**control) for control in data["controls"]], data["titles"])


def _answer(room: Room, order: dict[str, Any]) -> Any:
    said = room.call(JOB, json.dumps(order))
    if not said.endswith(b"}"):
        raise RoomLostError("the fork has ended before it had answered")
    return json.loads(said)
