"""Writes ``reference.json``: each thing once, a line for each trial."""

import json

import msgspec

from gradstop.compare import Reference, Trial
from gradstop.compare.close import DOUBLES
from gradstop.compare.kinds import KINDS
from gradstop.record import Json, Observation
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
    WrittenWrong,
)

DIGITS = 7  # significant digits of a number: 1/200 of what a comparison in single precision lets pass
DOUBLE_DIGITS = 12  # the same in double precision, which a Python float has too
RECEIVED = 5e-5  # relative error of what a backward added to a gradient: reports show its ratio to another, in 4 digits
LINED = 6  # levels of the file whose items have a line each; what lies deeper shares one


def reference_text(file: ReferenceFile) -> str:
    """Return the text that ``read_reference_file`` reads; equal references give the same text.

    Numbers are rounded, so that what is read back agrees with what was written, and is not equal to it.
    """
    exercises = {name: _exercise(reference) for name, reference in file.references.items()}
    return (
        _lines(msgspec.to_builtins(WrittenFile(FORMAT, file.torch, file.sections, exercises, file.tried)), LINED) + "\n"
    )


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


def _exercise(reference: Reference) -> WrittenExercise:
    given, outlines = _Table(), _Table()
    wrong = [WrittenWrong(a.name, a.misconception, a.says, a.read, {}) for a, _ in reference.behaviours]
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
        cases[name] = WrittenCase(reference.titles[name], read, asked.items, written)
    return WrittenExercise(list(reference.parameters), given.items, outlines.items, cases, wrong)


def _asked(observation: Observation, read: str) -> list[str]:
    own = [observation.read] if observation.read != read else []
    return [observation.name, observation.kind, observation.asked, *own]


def _written(trial: Trial, behaviours: list[Differs], outlines: _Table) -> tuple[WrittenTrial, list[Row]]:
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
    made = WrittenTrial(trial.setups, [], parts.items, flat, stopped=trial.record.stopped)
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
