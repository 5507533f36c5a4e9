"""What ``gradstop report`` does: gathers what is known, writes the page, says three lines."""

import os
from argparse import Namespace
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from gradstop.course import Assignment, CourseError, assignments, find_assignment, section_titles
from gradstop.grading.graded_submission import GradedSubmission
from gradstop.grading.intake.plain_files import printable
from gradstop.grading.judging.bundle import handed_out
from gradstop.grading.judging.token_digest import tokens_of_answers
from gradstop.grading.nbgrader_bridge.course import Course, open_course
from gradstop.grading.platforms.people import quiet_gradebook
from gradstop.grading.reporting.anonymising import Names, NoNames
from gradstop.grading.reporting.report import make_report
from gradstop.grading.reporting.report_data import Known, Report
from gradstop.grading.reporting.report_page import report_page
from gradstop.grading.result_store import result_store_of
from gradstop.grading.standing.standings import standings
from gradstop.grading.standing.status import Status
from gradstop.reference_file import read_reference_file

REPORTS = Path("grading", "reports")


def report_command(root: Path, options: Namespace) -> int:
    """Write an assignment's report, print its path and the most important of it."""
    assignment = find_assignment(root, options.assignment)
    course = open_course(root)
    outcomes = list(result_store_of(root).outcomes(assignment.name))
    if not outcomes:
        raise CourseError(f"Nothing of {assignment.name} is graded yet: gradstop grade {assignment.name}.")
    unread, outdated, late = _since(course, assignment, outcomes)
    names = (NoNames if options.anonymous else Names)([*(outcome.student for outcome in outcomes), *unread])
    report = make_report(
        known_of(assignment, root), outcomes, names, unread, outdated, late, _earlier(root, assignment)
    )
    path = root / REPORTS / f"{assignment.name}{'-anonymous' if options.anonymous else ''}.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(report_page(report, date.today()), encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{REPORTS / path.name} cannot be written: {error.strerror}.") from None
    print(os.path.relpath(path))
    for line in summary(report):
        print(line)
    return 0


def known_of(assignment: Assignment, root: Path) -> Known:
    """Return what a report has to know of an assignment."""
    recorded = read_reference_file(assignment).references
    return Known(
        assignment.name,
        {exercise: list(reference.titles.values()) for exercise, reference in recorded.items()},
        tokens_of_answers(handed_out(assignment)),
        tokens_of_answers(assignment.notebook),
        section_titles(root),
    )


def _since(
    course: Course, assignment: Assignment, outcomes: Sequence[GradedSubmission]
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Say by student why there is no outcome, why it is not that of the newest hand-in, and how late this was."""
    scored = {outcome.student for outcome in outcomes if not outcome.problem}
    handed_in = {printable(name) for name in course.handed_in()} | {outcome.student for outcome in outcomes}
    with quiet_gradebook(course) as gradebook:
        found = {name: one for name, one in standings(course, assignment.name, gradebook).items() if name in handed_in}
    unread = {name: one.why or one.status.value for name, one in found.items() if name not in scored}
    outdated = {name: one.reason for name, one in found.items() if name in scored and one.status is not Status.GRADED}
    return unread, outdated, {name: one.lateness for name, one in found.items()}


def _earlier(root: Path, assignment: Assignment) -> tuple[str, list[GradedSubmission]]:
    """Return the assignment before this one of which something is graded, and its outcomes."""
    store = result_store_of(root)
    for name in sorted((one.name for one in assignments(root) if one.name < assignment.name), reverse=True):
        if outcomes := [outcome for outcome in store.outcomes(name) if not outcome.problem]:
            return name, outcomes
    return "", []


def summary(report: Report) -> list[str]:
    """Say a report in three lines."""
    told = f"{report.graded} graded, {len(report.not_graded)} not graded"
    if report.scores:
        told += f"; mean {report.scores.mean:.3g}, median {report.scores.median:.3g} of {report.scores.points:g} points"
    hardest = min(report.exercises, key=lambda one: one.solved / one.graded, default=None)
    solved = f"{hardest.name}, by {hardest.solved} of {hardest.graded}" if hardest else "nothing"
    most = report.misconceptions[0] if report.misconceptions else None
    met = f"{most.name}, {most.count} of {report.graded}: {'; '.join(most.read)}" if most else "none"
    return [told, f"solved least: {solved}", f"misconception met most: {met}"]
