"""Tries the book and the checks on another version of torch, and keeps what differs: ``book/torch-versions.json``.

``make versions TORCH=2.15.0`` makes an environment with that version and runs this module in it.
"""

import platform
import re
import sys
from collections.abc import Iterator
from difflib import unified_diff
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import nbformat

from gradstop.authoring.bench import Bench
from gradstop.authoring.normalise import normalised
from gradstop.authoring.refresh import executed_notebooks, run_notebook
from gradstop.course import CourseError, assignments
from gradstop.course.torch_versions import FILE, CellDifference, TorchVersion, VerdictDifference, read_versions

SHOWN = 3  # lines of an output that are kept on each side


def write_version(root: Path, torch: str, found: TorchVersion) -> None:
    """Keep what was found on a version, in the place of what was known of it."""
    known = {**read_versions(root), torch: found}
    text = msgspec.json.format(msgspec.json.encode(dict(sorted(known.items()))), indent=1)
    (root / FILE).write_bytes(text + b"\n")


def cell_differences(path: Path, page: str) -> Iterator[CellDifference]:
    """Run a notebook, without writing it, and yield the cells whose output is not the stored one."""
    stored = normalised(nbformat.read(path, as_version=4))
    notebook = nbformat.read(path, as_version=4)
    try:
        run_notebook(notebook, path)
    except CourseError as trouble:
        yield CellDifference(page, "", 0, (), (str(trouble),))
        return
    for before, after in zip(stored["cells"], normalised(notebook)["cells"], strict=True):
        if before["cell_type"] == "code" and before["outputs"] != after["outputs"]:
            was, now = _lines(before["outputs"]), _lines(after["outputs"])
            changed = [line for line in unified_diff(was, now, n=0, lineterm="") if line[:3] not in ("---", "+++")]
            gone, come = (tuple(line[1:] for line in changed if line[0] == sign)[:SHOWN] for sign in "-+")
            yield CellDifference(page, before["id"], before["execution_count"], gone, come)


def _lines(outputs: list[dict[str, Any]]) -> list[str]:
    """Return what a reader sees of outputs, without the folders of this machine."""
    texts = []
    for output in outputs:
        data = output.get("data", {})
        shown = output.get("text") or output.get("evalue") or data.get("text/plain") or data.get("text/html", "")
        texts += [re.sub(r"\S*/site-packages/", "", line) for line in "".join(shown).splitlines()]
    return texts


def verdict_differences(bench: Bench, exercise: str) -> Iterator[VerdictDifference]:
    """Yield the known answers to an exercise whose verdict by the recording is another one here."""
    solution = bench.verdict(exercise, bench.solutions[exercise])
    if not solution.agrees:
        case = next(case for case in solution.cases if not case.agrees)
        first = case.differences[0]
        yield VerdictDifference(exercise, "the solution", f"{first.name}: {first.expected}", first.got)
    for answers, agrees in ((bench.right, True), (bench.wrong, False)):
        for answer in answers.get(exercise, []):
            if bench.known_verdict(answer).agrees is not agrees:
                wanted, got = ("agrees", "differs") if agrees else ("differs", "agrees")
                yield VerdictDifference(exercise, answer.name, wanted, got)


def main(root: Path) -> None:
    """Try the book and the checks on the torch of this environment, print a line on each, and keep what was found."""
    torch = version("torch").partition("+")[0]
    cells: list[CellDifference] = []
    verdicts: list[VerdictDifference] = []
    answers = 0
    pages = executed_notebooks(root)
    for path in pages:
        page = path.relative_to(root).as_posix()
        found = list(cell_differences(path, page))
        cells += found
        print(f"{page}: {len(found)} cells differ", flush=True)
    for bench in map(Bench, assignments(root)):
        for exercise in bench.solutions:
            verdicts += verdict_differences(bench, exercise)
            answers += 1 + len(bench.right.get(exercise, [])) + len(bench.wrong.get(exercise, []))
        print(f"{bench.assignment.name}: {len(verdicts)} verdicts differ so far", flush=True)
    count = sum(cell["cell_type"] == "code" for path in pages for cell in nbformat.read(path, as_version=4)["cells"])
    tried = {"cells": count, "answers": answers}
    write_version(root, torch, TorchVersion(platform.python_version(), tried, cells, verdicts))
    print(f"torch {torch}: {len(cells)} of {count} cells, {len(verdicts)} of {answers} verdicts are others: {FILE}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
