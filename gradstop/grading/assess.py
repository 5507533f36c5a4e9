"""Grades one submission: bytes in, bytes out, so that it can be done by any process on any machine."""

import base64
import json
import re
import time
from dataclasses import dataclass, replace
from html import escape

from gradstop.compare import CaseVerdict, Reference, Verdict, as_html
from gradstop.course import CourseError, did_you_mean
from gradstop.grading.cells import Run, running
from gradstop.grading.inside.channel import MISSING
from gradstop.grading.judge import Judged, judge_all
from gradstop.grading.likeness import tokens_of
from gradstop.grading.outcome import Mark, Outcome
from gradstop.grading.outputs import Output
from gradstop.grading.paper import Paper, read_paper
from gradstop.grading.room import Room
from gradstop.grading.rooms import room_for
from gradstop.grading.rules import Rules
from gradstop.grading.submission import Submission, UnreadableError, read_cells
from gradstop.grading.template import Cell, exercise_of, is_check


@dataclass(frozen=True)
class Unit:
    """One submission and how it is to be run."""

    submission: Submission
    fingerprint: str
    rules: Rules

    def to_bytes(self) -> bytes:
        """Return the unit as JSON."""
        data = {
            "student": self.submission.student,
            "notebook": base64.b64encode(self.submission.notebook).decode(),
            "files": {name: base64.b64encode(part).decode() for name, part in self.submission.files.items()},
            "fingerprint": self.fingerprint,
            "rules": self.rules.to_json(),
        }
        return json.dumps(data).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Unit":
        """Return the unit that was written."""
        plain = json.loads(data)
        files = {name: base64.b64decode(part) for name, part in plain["files"].items()}
        submission = Submission(plain["student"], base64.b64decode(plain["notebook"]), files)
        return cls(submission, plain["fingerprint"], Rules.from_json(plain["rules"]))


def grade_unit(paper: bytes, unit: bytes) -> bytes:
    """Grade one submission. Raises CourseError where submissions cannot be run at all; never for what one does."""
    known, work = read_paper(paper), Unit.from_bytes(unit)
    student = work.submission.student
    try:
        return _graded(known, work).to_json().encode()
    except UnreadableError as reason:
        problem = str(reason)
    except CourseError:
        raise
    except Exception as error:  # whatever it did to the judge, the others are graded
        problem = f"the judge failed on it, which should not be and is worth a report: {type(error).__name__}"
    return Outcome(student, work.fingerprint, problem=problem).to_json().encode()


def _graded(known: Paper, work: Unit) -> Outcome:
    start = time.perf_counter()
    cells = read_cells(work.submission.notebook, f"{known.assignment.partition('-')[2]}.ipynb")
    notebook = known.template.restore(cells)
    found = assess(known, notebook["cells"], work.submission.files, room_for(work.rules))
    return replace(
        found,
        student=work.submission.student,
        fingerprint=work.fingerprint,
        notebook=json.dumps(notebook, ensure_ascii=False),
        limits=work.rules.limits_set(),
        sandboxed=work.rules.sandboxed,
        seconds=time.perf_counter() - start,
    )


def assess(paper: Paper, cells: list[Cell], files: dict[str, bytes], room: Room) -> Outcome:
    """Run a restored notebook's cells, judge its exercises, and write outputs and verdicts into the cells.

    Returns the outcome, of nobody yet.
    """
    run, judged = judge_cells(paper, cells, files, room)
    for number, outputs in run.outputs.items():
        cells[number].update(outputs=outputs, execution_count=_count(outputs))
    answers = {cell["metadata"]["nbgrader"]["grade_id"]: cell["source"] for cell in cells if cell["metadata"]}
    marks = []
    for cell in cells:
        if is_check(cell):
            name, points = exercise_of(cell), float(cell["metadata"]["nbgrader"]["points"])
            known = judged.get(name)
            marks.append(
                mark_of(known, paper.references[name], points, answers.get(name, ""))
                if known
                else Mark(name, 0.0, points, 0, 0, first="there are no cases for this exercise")
            )
            cell["outputs"] = [_result(marks[-1], known, paper.sections)]
    return Outcome("", "", marks, lost=run.left_out(), changed=list(run.seat.changed if run.seat else ()))


def judge_cells(paper: Paper, cells: list[Cell], files: dict[str, bytes], room: Room) -> tuple[Run, dict[str, Judged]]:
    """Run a restored notebook's cells and return how they ran, and the verdict on each exercise."""

    def once() -> tuple[Run, dict[str, Judged]]:
        with running(room, paper.cases, files, cells) as fresh:
            run = fresh()
            judged = judge_all(run.seat, lambda: fresh().seat, paper.references, paper.controls, room.rules.cell)
            return run, _explained(run, cells, judged)

    return room.insist(once)


def _explained(run: Run, cells: list[Cell], judged: dict[str, Judged]) -> dict[str, Judged]:
    """Say of each exercise without a function why there is none: what its cell has raised, or why it was stopped."""
    why = {}
    for number, cell in enumerate(cells):
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        errors = [output for output in run.outputs.get(number, ()) if output["output_type"] == "error"]
        if name in judged and _is_missing(judged[name].verdict):
            said = [" ".join(f"{error['ename']}: {error['evalue']}".split())[:300] for error in errors]
            meant = did_you_mean(name, re.findall(r"\w+", cell["source"]))
            why[name] = f"its cell stops with {said[0]}" if said else f"{MISSING}.{meant}"
    problems = {name: replace(judged[name].verdict, problem=problem) for name, problem in why.items()}
    return {name: replace(one, verdict=problems.get(name, one.verdict)) for name, one in judged.items()}


def _is_missing(verdict: Verdict) -> bool:
    """Whether every case has found no function."""
    return all(MISSING in case.differences[0].got for case in verdict.cases if case.differences) and not verdict.passed


def _count(outputs: list[Output]) -> int | None:
    return next((output["execution_count"] for output in outputs if output.get("execution_count")), None)


def mark_of(judged: Judged, reference: Reference, points: float, answer: str) -> Mark:
    """Return what a verdict earns of these points."""
    verdict = judged.verdict
    like = verdict.like
    return Mark(
        verdict.exercise,
        points * verdict.passed / len(verdict.cases),
        points,
        verdict.passed,
        len(verdict.cases),
        first=verdict.problem or next((_in_words(case) for case in verdict.cases if not case.agrees), ""),
        misconception=like.misconception if like else "",
        like=like.says if like else "",
        read=like.read if like else "",
        trusted=judged.trusted,
        setups={
            case: [[setup.to_json() for setup in turn.setups] for turn in turns]
            for case, turns in reference.turns.items()
        },
        tokens=tokens_of(answer),
    )


def _in_words(case: CaseVerdict) -> str:
    """Say the first difference of a case."""
    first = case.differences[0]
    return f"when {case.title}: {first.got}; the reference: {first.expected}"


def _result(mark: Mark, judged: Judged | None, sections: dict[str, str]) -> Output:
    """Return the one output of a check cell, as nbgrader reads it: ``text/plain`` is the score.

    What the turns were drawn from stays with it, so that the verdict can be repeated and explained.
    """
    html = as_html(judged.verdict, sections) if judged else f"<p>{escape(mark.exercise)}: {mark.first}.</p>"
    data = {"text/plain": repr(mark.score), "text/html": html}
    metadata = {"gradstop": {"setups": mark.setups}}
    return {"output_type": "execute_result", "execution_count": 1, "metadata": metadata, "data": data}
