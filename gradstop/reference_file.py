"""``reference.json``: what an assignment's solutions and known wrong answers did, written small and read back.

It is JSON text with a line for each trial and for each case of a wrong answer. What trials have in common stands once:
in a case what is asked, in an exercise what is given and the outlines, which are values without their numbers. A trial
has its parts, such as lists of numbers, and its values, each the number of an outline and those of the parts that fill
it: the solution's first, one for each observation, then those that wrong answers have in their place.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec

from gradstop.compare import Reference, Trial, Wrong
from gradstop.compare.close import DOUBLES
from gradstop.compare.kinds import KINDS
from gradstop.course import Assignment, CourseError, read_json
from gradstop.course.files import again
from gradstop.record import Json, Observation, Record, Setups

FORMAT = 2
DIGITS = 7  # significant digits of a number: 1/200 of what a comparison in single precision lets pass
DOUBLE_DIGITS = 12  # the same in double precision, which a Python float has too
RECEIVED = 5e-5  # relative error of what a backward added to a gradient: reports show its ratio to another, in 4 digits
PARTS = ("shape", "numbers", "before", "after")  # the keys of a value that its outline leaves open
LINED = 6  # levels of the file whose items have a line each; what lies deeper shares one

Differs = dict[str, Json]  # by observation, what a wrong answer has in the place of the solution's value
Row = list[int]  # the same in numbers: an observation of the trial, its value, the next observation, its value, …
_Filler = Callable[[Iterator[int], list[Json]], Json]  # takes the numbers of a value's parts, and the trial's parts


@dataclass(frozen=True)
class ReferenceFile:
    """What the file holds: the torch of the recording, titles of the book's sections, the references by exercise.

    ``tried`` are other versions of torch, each with the exercises in which known answers get another verdict there.
    The notes of observations, which nothing compares, are not kept.
    """

    torch: str
    sections: dict[str, str]
    references: dict[str, Reference]
    tried: dict[str, list[str]] = field(default_factory=dict)


class _Trial(msgspec.Struct, omit_defaults=True):
    setups: Setups
    given: list[int]  # of the exercise's
    parts: list[Json]
    values: list[int]
    observed: list[int] | None = None  # of the case's observations, where it is not each of them in order
    stopped: str | None = None


class _Case(msgspec.Struct):
    title: str
    read: str
    observations: list[list[str]]  # name, kind, asked; and read where it is not the case's
    trials: list[_Trial]


class _Wrong(msgspec.Struct):
    name: str
    misconception: str
    says: str
    read: str
    differs: dict[str, list[Row]]  # a row for each trial, or one for all; a case without a difference is left out


class _Exercise(msgspec.Struct):
    parameters: list[str]
    given: list[str]
    outlines: list[Json]
    cases: dict[str, _Case]
    wrong: list[_Wrong]


class _File(msgspec.Struct, omit_defaults=True):
    format: int
    torch: str
    sections: dict[str, str]
    exercises: dict[str, _Exercise]
    tried: dict[str, list[str]] = {}


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
        file = msgspec.convert(data, _File)
        references = {name: _reference(name, exercise) for name, exercise in file.exercises.items()}
    except (ValueError, TypeError, LookupError, StopIteration) as error:  # msgspec's own are ValueErrors
        raise CourseError(f"{place} is damaged ({error!r}). {again(assignment)}") from None
    return ReferenceFile(file.torch, file.sections, references, file.tried)


def reference_text(file: ReferenceFile) -> str:
    """Return the text that ``read_reference_file`` reads; equal references give the same text.

    Numbers are rounded, so that what is read back agrees with what was written, and is not equal to it.
    """
    exercises = {name: _exercise(reference) for name, reference in file.references.items()}
    return _lines(msgspec.to_builtins(_File(FORMAT, file.torch, file.sections, exercises, file.tried)), LINED) + "\n"


# Writing -------------------------------------------------------------------------------------------------


class _Table:
    """Items that are written once, and referred to by number."""

    def __init__(self) -> None:
        self.items: list[Json] = []
        self._numbers: dict[str, int] = {}

    def append(self, item: Json) -> None:
        """Write an item, be it there or not."""
        self._numbers.setdefault(json.dumps(item), len(self.items))
        self.items.append(item)

    def number(self, item: Json) -> int:
        """Return an item's number; write it if it is not there."""
        if json.dumps(item) not in self._numbers:
            self.append(item)
        return self._numbers[json.dumps(item)]


def _exercise(reference: Reference) -> _Exercise:
    given, outlines = _Table(), _Table()
    wrong = [_Wrong(a.name, a.misconception, a.says, a.read, {}) for a, _ in reference.behaviours]
    cases = {}
    for name, trials in reference.trials.items():
        behaviours = [differs[name] for _, differs in reference.behaviours]
        read = next((o.read for trial in trials for o in trial.record.observations), "")
        asked, written = _Table(), []
        rows: list[list[Row]] = [[] for _ in wrong]
        for trial, *differs in zip(trials, *behaviours, strict=True):
            made, differing = _written(trial, differs, outlines)
            made.given = [given.number(line) for line in trial.record.given]
            made.observed = [asked.number(_asked(o, read)) for o in trial.record.observations]
            written.append(made)
            for row, one in zip(rows, differing, strict=True):
                row.append(one)
        for made in written:
            if made.observed == list(range(len(asked.items))):
                made.observed = None
        for answer, row in zip(wrong, rows, strict=True):
            if any(row):
                answer.differs[name] = row[:1] if row == row[:1] * len(row) else row
        cases[name] = _Case(reference.titles[name], read, asked.items, written)
    return _Exercise(list(reference.parameters), given.items, outlines.items, cases, wrong)


def _asked(observation: Observation, read: str) -> list[str]:
    own = [observation.read] if observation.read != read else []
    return [observation.name, observation.kind, observation.asked, *own]


def _written(trial: Trial, behaviours: list[Differs], outlines: _Table) -> tuple[_Trial, list[Row]]:
    """Return what is written of a trial, and of each wrong answer in it."""
    parts, values = _Table(), _Table()

    def numbers(value: Json) -> list[int]:
        found: list[int] = []
        outline = _outline(value, parts, found)
        return [outlines.number(outline), *found]

    names = [observation.name for observation in trial.record.observations]
    for observation in trial.record.observations:
        values.append(numbers(_rounded_unseen(observation)))
    pairs = [
        sorted((names.index(n), values.number(numbers(_rounded(value, DIGITS)))) for n, value in differs.items())
        for differs in behaviours
    ]
    flat = [number for value in values.items for number in value]
    made = _Trial(trial.setups, [], parts.items, flat, stopped=trial.record.stopped)
    return made, [[number for pair in row for number in pair] for row in pairs]


def _outline(value: Json, parts: _Table, found: list[int]) -> Json:
    """Return a value with null for its parts; they go to ``parts``, and their numbers there to ``found``."""
    if isinstance(value, list):
        return [_outline(item, parts, found) for item in value]
    if not isinstance(value, dict):
        return value
    outline: dict[str, Json] = {}
    for key, item in value.items():
        if key in PARTS:
            found.append(parts.number(item))
            outline[key] = None
        else:
            outline[key] = _outline(item, parts, found)
    return outline


def _rounded_unseen(observation: Observation) -> Json:
    """Round the solution's value, which reports show: less where its words would be others, as at 0.50105 they may."""
    words, digits = KINDS[observation.kind].words, DIGITS
    while words(rounded := _rounded(observation.value, digits)) != words(observation.value):
        digits += 1
    return rounded


def _rounded(value: Json, digits: int) -> Json:
    """Round all numbers in a value to so many digits; to more in double precision, or where a difference needs them."""
    if isinstance(value, list):
        return [_rounded(item, digits) for item in value]
    if not isinstance(value, dict):
        return float(f"{value:.{digits}g}") if isinstance(value, float) else value
    if value.get("dtype") in DOUBLES or value.get("type") == "float":
        digits = max(digits, DOUBLE_DIGITS)
    rounded = {key: _rounded(item, digits) for key, item in value.items()}
    pairs = zip(_received(rounded), _received(value), strict=True)
    return rounded if all(abs(r - e) <= RECEIVED * abs(e) for r, e in pairs) else _rounded(value, digits + 1)


def _received(value: dict[str, Json]) -> list[float]:
    """Return what a leaf received that had a gradient before; nothing of any other value."""
    before, after = value.get("before"), value.get("after")
    if not isinstance(before, list) or not isinstance(after, list):
        return []
    return [a - b for a, b in zip(after, before, strict=False) if isinstance(a, float) and isinstance(b, float)]


def _lines(data: Json, levels: int) -> str:
    """Return JSON text in which each item of the outer levels has a line of its own."""
    if not data or not levels or not isinstance(data, dict | list):
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if isinstance(data, list):
        return "[\n" + ",\n".join(_lines(item, levels - 1) for item in data) + "\n]"
    inner = {key: _lines(item, 1 if key == "outlines" else levels - 1) for key, item in data.items()}
    items = (f"{json.dumps(key, ensure_ascii=False)}:{item}" for key, item in inner.items())
    return "{\n" + ",\n".join(items) + "\n}"


# Reading -------------------------------------------------------------------------------------------------


def _reference(exercise: str, data: _Exercise) -> Reference:
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
    name: str, case: _Case, exercise: _Exercise, fillers: list[_Filler | None], data: _Trial
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
