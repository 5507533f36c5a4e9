"""Grades one submission: bytes in, bytes out, so that it can be done by any process on any machine."""

import json
import time
import traceback
from dataclasses import dataclass
from typing import Any

import msgspec

from gradstop.course import CourseError
from gradstop.grading.graded_submission import ExerciseScore, GradedSubmission
from gradstop.grading.intake.outputs import Output
from gradstop.grading.intake.plain_files import UnreadableError
from gradstop.grading.intake.submission import Submission, read_cells
from gradstop.grading.intake.template import Cell, exercise_of, is_check, shorten_code, text
from gradstop.grading.judging.bundle import GradingBundle, read_bundle
from gradstop.grading.judging.judge import Judged, judge_all
from gradstop.grading.judging.reasons import with_reasons
from gradstop.grading.judging.scoring import check_output, exercise_score
from gradstop.grading.judging.token_digest import tokens_of
from gradstop.grading.process.attempt import Attempt
from gradstop.grading.process.shared import warm_process_for
from gradstop.grading.process.submission_process import PutOffError
from gradstop.grading.process.warm_process import WarmProcess
from gradstop.grading.rules import Rules

PUT_OFF = b""  # in the place of what was found


@dataclass(frozen=True)
class Unit:
    """One submission and how it is to be run; past ``share`` seconds it is put off until the others are graded."""

    submission: Submission
    rules: Rules
    share: float | None = None


def grade_unit(bundle: bytes, unit: bytes) -> bytes:
    """Grade one submission: a ``GradingBundle`` and a ``Unit`` as JSON give a ``GradedSubmission`` as JSON, or PUT_OFF.

    Raises:
        CourseError: where submissions cannot be run at all; never for what one does.

    """
    start = time.monotonic()
    known, work = read_bundle(bundle), msgspec.json.decode(unit, type=Unit)
    submission, said = work.submission, ""
    until = start + (float("inf") if work.share is None else work.share)
    try:
        cells = read_cells(submission.notebook, f"{known.assignment.partition('-')[2]}.ipynb")
        known.template.refuse_another(cells, known.assignment)
        return msgspec.json.encode(assess(known, submission, known.template.restore(cells), work.rules, until))
    except PutOffError:
        return PUT_OFF
    except UnreadableError as reason:
        problem = str(reason)
    except CourseError:
        raise
    except Exception as error:  # whatever it did to the judge, the others are graded
        problem = f"the judge failed on it, which should not be and is worth a report: {type(error).__name__}"
        said = traceback.format_exc()
    fingerprint = submission.fingerprint(known.version)
    return msgspec.json.encode(GradedSubmission(submission.student, fingerprint, problem=problem, traceback=said))


def assess(
    bundle: GradingBundle,
    submission: Submission,
    notebook: dict[str, Any],
    rules: Rules,
    until: float = float("inf"),
) -> GradedSubmission:
    """Run the cells of a submission's restored notebook, judge its exercises, write outputs and verdicts into it.

    Raises:
        CourseError: where submissions cannot be run at all.
        PutOffError: where that takes longer than ``until``, by the monotonic clock.

    """
    start = time.perf_counter()
    cells: list[Cell] = notebook["cells"]
    attempt, judged = run_and_judge(bundle, cells, submission.files, warm_process_for(rules), until)
    for number, outputs in attempt.outputs.items():
        cells[number].update(outputs=outputs, execution_count=_count(outputs))
    answers = {cell["metadata"]["nbgrader"]["grade_id"]: cell["source"] for cell in cells if cell["metadata"]}
    scores, handed_out = [], bundle.template.cells
    for cell in filter(is_check, cells):
        name, points = exercise_of(cell), float(cell["metadata"]["nbgrader"]["points"])
        known = judged.get(name)
        scores.append(
            exercise_score(known, bundle.references[name], points, answers.get(name, ""))
            if known
            else ExerciseScore(name, 0.0, points, 0, 0, first="there are no cases for this exercise")
        )
        cell["outputs"] = [
            check_output(
                scores[-1], known, bundle.sections, tokens_of(text(handed_out[name])) if name in handed_out else ""
            )
        ]
    shorten_code(cells)
    return GradedSubmission(
        submission.student,
        submission.fingerprint(bundle.version),
        scores,
        notebook=json.dumps(notebook, ensure_ascii=False),
        lost=attempt.left_out(),
        changed=attempt.changed,
        limits=rules.limits_set(),
        sandboxed=rules.sandboxed,
        seconds=time.perf_counter() - start,
    )


def run_and_judge(
    bundle: GradingBundle,
    cells: list[Cell],
    files: dict[str, bytes],
    warm_process: WarmProcess,
    until: float = float("inf"),
) -> tuple[Attempt, dict[str, Judged]]:
    """Run a restored notebook's cells; return the attempt, which has ended, and the verdict on each exercise.

    Raises:
        PutOffError: where that takes longer than ``until``, by the monotonic clock.

    """

    def once() -> tuple[Attempt, dict[str, Judged]]:
        with Attempt(warm_process, bundle.cases, files, cells, until) as attempt:
            attempt.run_cells()
            judged = judge_all(attempt, bundle.references, bundle.controls, warm_process.rules.cell, bundle.accepted)
            return attempt, with_reasons(judged, cells, attempt.outputs)

    return warm_process.with_restarts(once)


def _count(outputs: list[Output]) -> int | None:
    return next((output["execution_count"] for output in outputs if output.get("execution_count")), None)
