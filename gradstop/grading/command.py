"""What ``gradstop grade`` prints: a progress bar, who has what, what could not be graded, whose score changed."""

import gc
import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from gradstop.course import CourseError, find_assignment
from gradstop.grading.executors import executor_for
from gradstop.grading.intake.plain_files import MAX_NAMES, printable
from gradstop.grading.judging.bundle import handed_out
from gradstop.grading.judging.scoring import why
from gradstop.grading.judging.token_digest import tokens_of_answers
from gradstop.grading.rules import Rules
from gradstop.grading.standing.status import Standing, Status
from gradstop.logs import readable

if TYPE_CHECKING:
    from gradstop.grading.graded_submission import GradedSubmission
    from gradstop.grading.nbgrader_bridge.course import Course
    from gradstop.grading.planning.plan import RunResult

EXCHANGE = "/usr/local/share/nbgrader/exchange"  # nbgrader's own place, where nothing else is configured
LARGE = 20  # submissions, of which progress is said in lines


def grade_command(root: Path, options: Namespace) -> int:
    """Grade an assignment and print the summary; return 1 if a submission could not be graded.

    Somebody who has handed in nothing for this assignment is named, and no error.
    """
    if options.jobs < 1:
        raise CourseError("--jobs is at least 1.")
    assignment = find_assignment(root, options.assignment)
    rules = Rules.of_course(
        root, assignment, timeout=options.timeout, memory=options.memory, sandboxed=not options.no_sandbox
    )
    with executor_for(options.jobs, options.scheduler, rules) as executor:
        executor.prepare()
        gc.disable()
        try:  # nbgrader takes seconds to load, in which the warm process loads its own
            from gradstop.grading.batch import grade
            from gradstop.grading.nbgrader_bridge.course import open_course
        finally:
            gc.freeze()  # what is loaded stays: each collection would look through all of it
            gc.enable()
        course = open_course(root)
        students = course.students(assignment, options.student)
        graded = grade(course, assignment, students, rules, executor, force=options.force, tell=_tell)
        shown = graded if options.json else with_progress(graded, len(students))
        latest = {result.outcome.student: result for result in shown}
        results = [latest[student] for student in sorted(latest)]
        from gradstop.grading.platforms.people import quiet_gradebook
        from gradstop.grading.standing.standings import standings

        with quiet_gradebook(course) as gradebook:
            found = standings(course, assignment.name, gradebook)
    if options.json:
        print(json.dumps([_as_json(result, found.get(result.outcome.student)) for result in results], indent=1))
    else:
        for line in _summary(results, found, tokens_of_answers(handed_out(assignment)) if options.why else None):
            print(readable(line))
        for student in students:
            left_out = course.left_out(assignment, student)
            more = " …" if len(left_out) > MAX_NAMES else ""
            if left_out:
                print(f"{printable(student)}: not taken along: {', '.join(left_out[:MAX_NAMES])}{more}")
        print(f"Next: {_next(course, assignment.name)}")
    return 1 if any(result.outcome.problem and result.handed_in for result in results) else 0


def _tell(line: str) -> None:
    tqdm.write(readable(line), file=sys.stderr)


def _next(course: "Course", assignment: str) -> str:
    """Say what may follow; where there is an exchange, students fetch their feedback from it."""
    root = Path(str(course.config.Exchange.get("root", "") or EXCHANGE))
    commands = [f"gradstop report {assignment}", f"nbgrader generate_feedback {assignment} --force"]
    if root.is_dir():
        commands.append(f"nbgrader release_feedback {assignment}")
    said = "; ".join(commands)
    if root.is_dir():
        return f"{said}; students then say nbgrader fetch_feedback {assignment} --course {course.directories.course_id}"
    return f"{said}; gradstop feedback {assignment} --format moodle, or canvas"


def with_progress(results: "Iterator[RunResult]", count: int) -> "Iterator[RunResult]":
    """Yield the results; show a bar where standard error is a terminal, else a line for each tenth of many."""
    if sys.stderr.isatty():
        yield from tqdm(results, "grading", count, unit="submission", file=sys.stderr)
        return
    for number, result in enumerate(results, 1):
        if count >= LARGE and number * 10 // count > (number - 1) * 10 // count:
            print(f"grading: {number} of {count}", file=sys.stderr, flush=True)
        yield result


def _as_json(result: "RunResult", standing: Standing | None) -> dict[str, Any]:
    outcome = result.outcome
    return {
        "student": outcome.student,
        "score": None if outcome.problem else outcome.score,
        "exercises": {earned.exercise: earned.score for earned in outcome.scores},
        "problem": outcome.problem,
        "status": standing.status.value if standing else "",
        "in_gradebook": standing.score if standing else None,
        "late_seconds": standing.late.total_seconds() if standing else 0.0,
        "late_penalty": standing.penalty if standing else 0.0,
        "attempts": outcome.attempts,
        "untrusted": [earned.exercise for earned in outcome.scores if not earned.trusted],
        "lost": outcome.lost,
        "graded_now": result.graded,
        "before": result.before,
        "sandboxed": outcome.sandboxed,
    }


def _by_hand(outcome: "GradedSubmission", standing: Standing) -> str:
    """Say what the gradebook has where somebody has changed a score in it."""
    if outcome.problem or standing.status is not Status.GRADED or standing.score is None:
        return ""
    expected = max(0.0, outcome.score - standing.penalty)
    return f"changed by hand: the gradebook has {standing.score:g}" if abs(standing.score - expected) > 1e-9 else ""


def _summary(results: "list[RunResult]", found: dict[str, Standing], stubs: dict[str, str] | None) -> Iterator[str]:
    for result in results:
        outcome, standing = result.outcome, found.get(result.outcome.student, Standing(Status.NOT_GRADED))
        total = Status.NOT_GRADED.value if outcome.problem else f"{outcome.score:g}"
        scores = "  ".join(f"{earned.exercise} {earned.score:g}" for earned in outcome.scores)
        yield f"{outcome.student:<20} {total:>10}  {outcome.problem or scores}"
        if outcome.problem and standing.score is not None:
            yield f"{'':<20} {'':>10}  {Status.EARLIER.value}: the gradebook keeps its {standing.score:g}"
        if outcome.attempts:
            yield f"{'':<20} {'':>10}  {outcome.attempts}"
        if standing.lateness:
            yield f"{'':<20} {'':>10}  {standing.lateness}"
        if by_hand := _by_hand(outcome, standing):
            yield f"{'':<20} {'':>10}  {by_hand}"
        if stubs is not None:
            missed = [earned for earned in outcome.scores if earned.score < earned.points]
            yield from (
                f"{'':<20} {'':>10}  {earned.exercise}: {why(earned, stubs.get(earned.exercise, ''))}"
                for earned in missed
            )
        yield from (f"{'':<20} {'':>10}  left out: {lost}" for lost in outcome.lost)
        if untrusted := [earned.exercise for earned in outcome.scores if not earned.trusted]:
            yield f"{'':<20} {'':>10}  could not be trusted: {', '.join(untrusted)}"
        if result.changed:
            yield f"{'':<20} {'':>10}  changed: {result.before:g} before"
    failed = [result for result in results if result.outcome.problem]
    absent = sum(not result.handed_in for result in failed)
    now = sum(result.graded and not result.outcome.problem for result in results)
    note = " (no score in gradstop export, 0 in nbgrader's)" if failed else ""
    nothing = f", {absent} of them handed in nothing" if absent else ""
    yield f"{now} graded, {len(results) - now - len(failed)} unchanged, {len(failed)} not graded{nothing}{note}."
    if any(not result.outcome.sandboxed for result in results):
        yield "Graded without a sandbox: what students wrote ran as you."
