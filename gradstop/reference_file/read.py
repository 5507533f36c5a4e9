"""Reads ``reference.json`` back."""

from collections.abc import Callable, Iterator

import msgspec

from gradstop.compare import Reference, Trial, Wrong
from gradstop.compare.kinds import KINDS
from gradstop.course import Assignment, CourseError, read_json
from gradstop.course.files import again
from gradstop.record import Json, Observation, Record
from gradstop.reference_file.structure import (
    FORMAT,
    PARTS,
    Differs,
    ReferenceFile,
    Row,
    WrittenCase,
    WrittenExercise,
    WrittenFile,
    WrittenTrial,
)

_Filler = Callable[[Iterator[int], list[Json]], Json]  # takes the numbers of a value's parts, and the trial's parts


def read_reference_file(assignment: Assignment) -> ReferenceFile:
    """Read an assignment's ``reference.json``.

    Raises:
        CourseError: where it is missing, damaged, or of another format than this version writes.

    """
    place, data = f"{assignment.name}/{assignment.reference.name}", read_json(assignment.reference)
    written = data.get("format", 1) if isinstance(data, dict) else None
    if isinstance(written, int) and written < FORMAT:
        raise CourseError(f"{place} is of an older form. {again(assignment)}")
    if isinstance(written, int) and written > FORMAT:
        raise CourseError(f"{place} is of a newer form than this gradstop can read: update gradstop.")
    try:
        file = msgspec.convert(data, WrittenFile)
        references = {name: _reference(name, exercise) for name, exercise in file.exercises.items()}
    except (ValueError, TypeError, LookupError, StopIteration) as error:  # msgspec's own are ValueErrors
        raise CourseError(f"{place} is damaged ({error!r}). {again(assignment)}") from None
    return ReferenceFile(file.torch, file.sections, references, file.tried)


def _reference(exercise: str, data: WrittenExercise) -> Reference:
    fillers = [_filler(outline) for outline in data.outlines]
    trials: dict[str, tuple[Trial, ...]] = {}
    differs: list[dict[str, list[Differs]]] = [{} for _ in data.wrong]
    for name, case in data.cases.items():
        read = [_trial(name, case, data, fillers, trial) for trial in case.trials]
        trials[name] = tuple(trial for trial, _ in read)
        for answer, behaviour in zip(data.wrong, differs, strict=True):
            rows = answer.differs.get(name, [[]])
            rows = rows * len(read) if len(rows) == 1 else rows
            behaviour[name] = [_differs(*one, row) for one, row in zip(read, rows, strict=True)]
    wrong = [Wrong(w.name, w.misconception, w.says, w.read) for w in data.wrong]
    titles = {name: case.title for name, case in data.cases.items()}
    return Reference(exercise, tuple(data.parameters), titles, trials, tuple(zip(wrong, differs, strict=True)))


def _trial(
    name: str, case: WrittenCase, exercise: WrittenExercise, fillers: list[_Filler | None], data: WrittenTrial
) -> tuple[Trial, list[Json]]:
    """Return a trial, and the values of the solution and of wrong answers in it."""
    numbers = iter(data.values)
    values = [
        fill(numbers, data.parts) if (fill := fillers[outline]) else exercise.outlines[outline] for outline in numbers
    ]
    asked = case.observations if data.observed is None else [case.observations[number] for number in data.observed]
    observations = tuple(_observation(row, case.read, values[number]) for number, row in enumerate(asked))
    given = tuple(exercise.given[number] for number in data.given)
    return Trial(data.setups, Record(name, given, observations, data.stopped)), values


def _observation(row: list[str], read: str, value: Json) -> Observation:
    name, kind, asked, *own = row
    if kind not in KINDS:
        raise ValueError(f"there is no kind of observation {kind!r}")
    return Observation(name, kind, value, asked, *(own or [read]))


def _filler(outline: Json) -> _Filler | None:
    """Return what puts parts into an outline; None where it has none. One for many values, as it takes time to read."""
    items = outline.items() if isinstance(outline, dict) else enumerate(outline) if isinstance(outline, list) else ()
    inner = [(key, key in PARTS, _filler(item)) for key, item in items]
    places = [(key, fill) for key, is_part, fill in inner if is_part or fill]

    def filled(numbers: Iterator[int], parts: list[Json]) -> Json:
        made = outline.copy()
        for key, fill in places:
            made[key] = fill(numbers, parts) if fill else parts[next(numbers)]
        return made

    return filled if places else None


def _differs(trial: Trial, values: list[Json], row: Row) -> Differs:
    seen = trial.record.observations
    return {seen[number].name: values[value] for number, value in zip(row[::2], row[1::2], strict=True)}
