"""What ``gradstop explain`` prints: one verdict, repeated, with all that the function was given, for an appeal."""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

from gradstop.compare import CaseVerdict, Trial, as_text
from gradstop.course import Assignment, CourseError, did_you_mean, find_assignment, graded_cells
from gradstop.course.files import require_course
from gradstop.grading.graded_submission import ExerciseScore, GradedSubmission
from gradstop.grading.judging.bundle import handed_out
from gradstop.grading.judging.scoring import why
from gradstop.grading.judging.token_digest import tokens_of_answers
from gradstop.grading.nbgrader_bridge.course import Course, open_course
from gradstop.grading.reporting.repeat import Repeated, repeat
from gradstop.grading.result_store import result_store_of
from gradstop.grading.rules import Rules
from gradstop.logs import readable

TEXT_WIDTH = 88


def explain_command(root: Path, options: Namespace) -> int:
    """Repeat a verdict and print it; return 1 if it is another one than was kept."""
    course = open_course(root)
    assignment = assignment_of(root, options.exercise, options.assignment)
    kept, earned = kept_score(course, assignment, options.student, options.exercise)
    asked = {name: value for name in ("timeout", "memory") if (value := getattr(options, name)) is not None}
    rules = Rules.of_course(root, assignment, sandboxed=not options.no_sandbox, **{**kept.limits, **asked})
    repeated = repeat(course, assignment, kept, earned, rules)
    print(f"{kept.student}, {assignment.name}, {earned.exercise}")
    stubs = tokens_of_answers(handed_out(assignment))
    for line in explained(repeated, stubs.get(earned.exercise, "")):
        print(readable(line))
    return 0 if repeated.same else 1


def assignment_of(root: Path, exercise: str, name: str = "") -> Assignment:
    """Return the assignment that has an exercise.

    Raises:
        CourseError: that lists what there is.

    """
    among = [find_assignment(root, name)] if name else require_course(root)
    known = {one.name: [cell.grade_id for cell in graded_cells(one.notebook) if cell.solution] for one in among}
    found = [assignment for assignment in among if exercise in known[assignment.name]]
    if len(found) == 1:
        return found[0]
    if found:
        named = " or ".join(assignment.name for assignment in found)
        raise CourseError(f"More than one assignment has an exercise {exercise!r}: say --assignment {named}.")
    there = "; ".join(f"{assignment}: {', '.join(names)}" for assignment, names in known.items())
    meant = did_you_mean(exercise, [name for names in known.values() for name in names])
    raise CourseError(f"There is no exercise {exercise!r}.{meant} There is, in {there}.")


def kept_score(
    course: Course, assignment: Assignment, student: str, exercise: str
) -> tuple[GradedSubmission, ExerciseScore]:
    """Return what was kept of a verdict.

    Raises:
        CourseError: that says what is missing.

    """
    results, again = result_store_of(course.root), f"gradstop grade {assignment.name} --student {student}"
    outcome = results.outcome(assignment.name, student)
    if outcome is None and (course.submitted / student).is_dir():
        raise CourseError(f"{student} is not graded in {assignment.name} yet: {again}")
    if outcome is None:
        there = ", ".join(sorted(results.kept(assignment.name))) or "nobody"
        meant = did_you_mean(student, results.kept(assignment.name))
        raise CourseError(f"There is no student {student!r}.{meant} Graded in {assignment.name}: {there}.")
    if outcome.problem:
        raise CourseError(
            f"{student} could not be graded in {assignment.name}, so there is no verdict: {outcome.problem}."
        )
    earned = next((earned for earned in outcome.scores if earned.exercise == exercise), None)
    if earned is None or not earned.setups:
        raise CourseError(f"When {student} was graded, there was nothing that judged {exercise}: {again}")
    return outcome, earned


def explained(repeated: Repeated, stub: str = "") -> Iterator[str]:
    """Yield the lines that show a verdict: scores, what has changed, the differences, what was given in each trial.

    ``stub`` has the tokens of the answer as it was handed out.
    """
    yield f"  kept   {_score(repeated.kept)}"
    yield f"  now    {_score(repeated.now)}"
    if said := why(repeated.kept, stub):
        yield f"  why    {said}"
    yield from (f"  left out: {lost}" for lost in repeated.lost)
    yield ""
    yield fill(f"{_comparison(repeated)} {_changes(repeated)}", TEXT_WIDTH)
    if not repeated.same and repeated.kept.first:
        yield fill(f"Kept: {repeated.kept.first}", TEXT_WIDTH)
    yield ""
    yield as_text(repeated.verdict, repeated.sections)
    yield ""
    yield "What the function was given, with the two seeds of each trial:"
    reference = repeated.reference
    for name, case in zip(reference.trials, repeated.verdict.cases, strict=True):
        yield from _case(case, reference.trials[name])
    yield from (f"  new    when {title}: it was not there then" for title in repeated.added)


def _score(earned: ExerciseScore) -> str:
    said = f"{earned.score:g} of {earned.points:g} points, {earned.passed} of {earned.cases} cases agree"
    return said if earned.trusted else f"{said}; could not be trusted"


def _comparison(repeated: Repeated) -> str:
    if repeated.same:
        return "The verdict is the same as when it was graded."
    return "THE VERDICT IS ANOTHER ONE than when it was graded."


def _changes(repeated: Repeated) -> str:
    if repeated.limits:
        return f"It ran under other limits than when it was graded: {repeated.limits}."
    if not repeated.unchanged:
        return "The submission, or what judges it, has changed since: what is shown is how it stands now."
    if repeated.same:
        return "Nothing has changed since, neither the submission nor what judges it."
    return (
        "Yet nothing has changed since, neither the submission nor what judges it: the function draws by chance, or "
        "depends on time or on what ran before."
    )


def _case(case: CaseVerdict, trials: tuple[Trial, ...]) -> Iterator[str]:
    yield f"  {'agrees ' if case.agrees else 'differs'}  when {case.title}"
    marked = False
    for number, trial in enumerate(trials, 1):
        here = not marked and not case.agrees and trial.record.given == case.given
        marked = marked or here
        given = "; ".join(trial.record.given) or "nothing drawn"
        text = f"{given}{' (differs here)' if here else ''}"
        yield fill(text, TEXT_WIDTH, initial_indent=f"    {number:>4}  ", subsequent_indent=" " * 10)
        yield f"          seeds {trial.setups[0].seed}, {trial.setups[1].seed}"
