"""The table of all programs, as data for a page: what each line did, what raised, the drawings, the verdict.

Most programs share most of what they do, so each text, state and drawing is there once, and a program holds numbers.
"""

from collections.abc import Iterable
from dataclasses import astuple, fields
from functools import lru_cache
from typing import Any

from gradstop.drawing import Drawing
from gradstop.programs.choices import BACKWARD, CHOICES, LINES, Selection, number, prefix_length, program, selections
from gradstop.programs.drawings import STYLE, Distinct, Drawings
from gradstop.programs.run import Outcome, execute
from gradstop.programs.state import NAMES, TensorState
from gradstop.programs.verdict import VERDICTS, Judgement, judge


def style() -> str:
    """Return the style sheet that all drawings share."""
    graph = execute(program(next(selections()))).after
    found = STYLE.search(Drawing(graph).svg)
    return found[0] if found else ""


@lru_cache(maxsize=1)
def outcomes() -> dict[Selection, tuple[Outcome, Judgement]]:
    """Execute all programs, and judge each: some ten seconds, once in a process."""
    found = {}
    for selection in selections():
        lines = program(selection)
        outcome = execute(lines)
        found[selection] = (outcome, judge(lines, outcome))
    return found


def table(chosen: Iterable[Selection]) -> dict[str, Any]:
    """Return the data of these programs; a program's row is the place of its selection in ``chosen``.

    What a line did depends on the choices up to it: ``notes`` and ``raised`` have an entry for each way to begin, by
    its number among the options that ``chosen`` has.
    """
    chosen = list(chosen)
    options = [sorted({selection[place] for selection in chosen}) for place in range(len(CHOICES))]
    notes, reasons, states, drawings = Distinct(), Distinct(), Distinct(), Drawings()
    begun: list[dict[int, tuple[int, int]]] = [{} for _ in LINES]
    rows = []
    for selection in chosen:
        outcome, judgement = outcomes()[selection]
        for line, note in enumerate(outcome.notes):
            raised = outcome.raised if outcome.raised and outcome.raised.line == line else None
            row = number(
                [options[i].index(o) for i, o in enumerate(selection[: prefix_length(line)])], [*map(len, options)]
            )
            begun[line][row] = (notes(note), notes(raised.message) if raised else -1)
        rows.append(
            (
                reasons((VERDICTS.index(judgement.verdict), judgement.reason)),
                states(tuple(_fields(outcome.states.get(name)) for name in NAMES)),
                drawings(outcome.before),
                drawings(outcome.after),
                outcome.raised.statement if outcome.raised else 0,
            )
        )
    columns = list(zip(*rows, strict=True))
    return {
        "choices": [
            {"name": c.name, "label": c.label, "options": c.options, "taken": taken}
            for c, taken in zip(CHOICES, options, strict=True)
        ],
        "lines": LINES,
        "backward": BACKWARD,
        "names": NAMES,
        "fields": [field.name for field in fields(TensorState)],
        "verdicts": VERDICTS,
        "texts": notes.items,
        "notes": [_dense(line, 0) for line in begun],
        "raised": [_dense(line, 1) for line in begun],
        "reasons": reasons.items,
        "states": states.items,
        "parts": drawings.parts.items,
        "sentences": drawings.sentences.items,
        "drawings": drawings.found.items,
        "rows": dict(zip(("reason", "state", "before", "after", "statement"), columns, strict=True)),
    }


def _fields(state: TensorState | None) -> tuple[str, ...]:
    return astuple(state) if state else ()


def _dense(line: dict[int, tuple[int, int]], part: int) -> list[int]:
    return [line[row][part] if row in line else -1 for row in range(max(line, default=-1) + 1)]
