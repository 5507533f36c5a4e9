"""Says of an exercise without a function why there is none, and which lines an answer was run without."""

import re
from dataclasses import replace
from itertools import chain

from gradstop.compare import Verdict
from gradstop.course import did_you_mean
from gradstop.grading.inside.channel import MISSING, WITHOUT
from gradstop.grading.intake.bounds import MAX_ANSWER, MAX_REASON, MAX_SEARCHED
from gradstop.grading.intake.outputs import Output
from gradstop.grading.intake.template import Cell, definition_of
from gradstop.grading.judging.judge import Judged
from gradstop.logs import readable

_WRITTEN = r"(?m)^(?:(?:async +)?def +|class +){0}\b|^{0} *="  # and not only called
_IN_THE_CELL = re.compile(r" ?\(<(?:ipython-input-[^>]*|tokenize)>, line (\d+)\)$")


def with_reasons(judged: dict[str, Judged], cells: list[Cell], outputs: dict[int, list[Output]]) -> dict[str, Judged]:
    """Say of each exercise without a function why there is none: what its cell has raised, or why it was stopped.

    Of each other one that has not earned all, say which line its cell was run without.
    """
    missing = [name for name, one in judged.items() if _is_missing(one.verdict)]
    defined = _definitions(missing, cells) if missing else {}
    reasons = {name: _reason(name, cells, outputs, defined.get(name, {})) for name in missing}
    verdicts = {name: replace(judged[name].verdict, problem=said) for name, said in reasons.items()}
    told = {name: replace(one, verdict=verdicts.get(name, one.verdict)) for name, one in judged.items()}
    return {name: replace(one, without=_without(one.verdict, cells, outputs)) for name, one in told.items()}


def _without(verdict: Verdict, cells: list[Cell], outputs: dict[int, list[Output]]) -> str:
    """Say which line an answer was run without: of its own cell, or of any where the answer misses a name."""
    if verdict.agrees or verdict.problem.startswith(WITHOUT):
        return ""
    misses = any("NameError" in difference.got for case in verdict.cases for difference in case.differences)
    shown = [outputs.get(number, []) for number in _own(verdict.exercise, cells)] + [*outputs.values()] * misses
    return next((said for output in chain(*shown) if (said := _passed_over(output))), "")


def _own(name: str, cells: list[Cell]) -> list[int]:
    return [n for n, cell in enumerate(cells) if cell["metadata"].get("nbgrader", {}).get("grade_id") == name]


def _is_missing(verdict: Verdict) -> bool:
    """Whether every case has found no function."""
    return all(MISSING in case.differences[0].got for case in verdict.cases if case.differences) and not verdict.passed


def _definitions(names: list[str], cells: list[Cell]) -> dict[str, dict[int, bool]]:
    """Return, by name, the cells that would define it, and whether it is indented there."""
    defines, found, left = definition_of(names), dict[str, dict[int, bool]](), MAX_SEARCHED
    for number, cell in enumerate(cells):
        source = cell["source"][: min(MAX_ANSWER, left)]
        left -= len(source)
        for one in defines.finditer(source):
            found.setdefault(one["name"], {}).setdefault(number, bool(one["indent"]))
    return found


def _reason(name: str, cells: list[Cell], outputs: dict[int, list[Output]], defined: dict[int, bool]) -> str:
    """Say why there is no function of this name: the error of its own cell, or of another that would define it."""
    own = _own(name, cells)
    others = [number for number in defined if number not in own]
    errors = [(n, one) for n in (*own, *others) for one in outputs.get(n, ()) if one["output_type"] == "error"]
    for number, error in errors:
        if not _passed_over(error):
            return f"its cell stops with {_quoted(error, cells[number]['source'])}"
    if errors:
        return _passed_over(errors[0][1])
    for number in defined:
        if (first := cells[number]["source"].lstrip()[:MAX_ANSWER].partition("\n")[0]).startswith("%%"):
            return (
                f"its cell begins with {readable(first[:MAX_REASON])}, which keeps nothing that it defines: remove that"
            )
    if any(defined.values()):
        return f"{MISSING}: where it is defined it is indented, so it belongs to what it stands in"
    sources = {number: cells[number]["source"][:MAX_ANSWER] for number in defined}
    written = [number for number, source in sources.items() if re.search(_WRITTEN.format(re.escape(name)), source)]
    if any(cells[number]["cell_type"] == "code" for number in written):
        return f"{MISSING} at its end: it was defined, and a later cell has removed it, as %reset and del do"
    if written:
        return f"{MISSING}: it stands in a text, which is not run; make that a code cell"
    words = [word for number in own for word in re.findall(r"\w+", cells[number]["source"][:MAX_ANSWER])]
    return f"{MISSING}.{did_you_mean(name, words)}"


def _passed_over(output: Output) -> str:
    """Say which line a cell was run without after this error, and why; nothing of another output."""
    error, _, line = output.get("evalue", "").partition(f"; {WITHOUT}")
    said = f"{WITHOUT}{line}"[:MAX_REASON] + f" ({output['ename']}: {error}"[:MAX_REASON] + ")" if line else ""
    return readable(" ".join(said.split()))


def _quoted(error: Output, source: str) -> str:
    """Return an error's words in one line, with the line of the cell that it names, if it does."""
    said = readable(" ".join(f"{error['ename']}: {error['evalue']}".split())[:MAX_REASON]).removesuffix(":")
    place, lines = _IN_THE_CELL.search(said), source[:MAX_ANSWER].splitlines()
    if place and 1 <= int(place[1]) <= len(lines):
        line = readable(lines[int(place[1]) - 1].strip()[:MAX_REASON])
        return f"{said[: place.start()]}, in its line {place[1]}: {line}"
    return said
