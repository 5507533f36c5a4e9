"""``check("stop")``: runs an exercise's cases on the learner's function and compares with the recording."""

import inspect
import os
import sys
from collections.abc import Callable
from html import escape
from pathlib import Path
from textwrap import fill
from typing import Any

from gradstop.checking.captured_output import printed
from gradstop.checking.recording import Recording, read_recording
from gradstop.checking.section_links import section_links
from gradstop.checking.show import Report, fail, show
from gradstop.checking.time_limit import TimeOver
from gradstop.compare import Reference, Verdict, as_html, as_text, headline, verdict_on
from gradstop.compare.report import headline_is_all
from gradstop.compare.report_text import TEXT_WIDTH
from gradstop.course import Assignment, CourseError, assignment_here, did_you_mean
from gradstop.course.student_files import packaged_assignment
from gradstop.observe import observe_each

# Validate's dialog wraps no line, and the command cuts one off after 83 signs.
VALIDATED = 80
VALIDATING = "NBGRADER_VALIDATING"
GRADING = "GRADSTOP_GRADING"  # set in the process of a submission


def check(name: str = "", *more: object, folder: str | Path | None = None) -> None:
    """Check the function ``name`` of the caller's notebook or prompt, and show where it differs.

    ``folder`` is the assignment's folder where it is not the working directory. While a submission is graded it does
    and says nothing: its cases are asked by the judge.

    Raises:
        CheckFailed: if the function differs from the reference or cannot be checked; its message says what to do.

    """
    if GRADING in os.environ:
        return
    namespace = sys._getframe(1).f_globals
    if not isinstance(name, str):
        raise fail(f'Write the name in quotes: check("{getattr(name, "__name__", "name")}").')
    if not name or more:
        raise fail(f'Give the name of the exercise alone, in quotes: check("{name or "stop"}").')
    try:
        assignment = _assignment(namespace, folder, name)
        recording = read_recording(assignment)
        reference = _reference(recording, name)
        function = _function(namespace, reference)
        with printed() as caught:
            verdict = run_check(function, recording, reference)
    except CourseError as trouble:
        raise fail(str(trouble)) from None
    told = [caught.words(), "" if verdict.agrees else _exchanged(function, reference)]
    show(_report(verdict, recording, told, section_links(assignment, recording.sections)))
    if not verdict.agrees:
        failed = fail(_first(verdict))
        failed.shown = VALIDATING not in os.environ  # the dialog shows the message, and no report
        raise failed from None


def run_check(function: Callable[..., Any], recording: Recording, reference: Reference) -> Verdict:
    """Observe ``function`` in every trial of every case of the reference and judge it.

    Raises:
        CourseError: if it is interrupted.
        TimeOver: if its caller limits its time.

    """
    observed: dict[str, list[Any]] = {}
    for case in recording.cases[reference.exercise]:
        try:
            setups = [trial.setups for trial in reference.trials[case.name]]
            observed[case.name] = list(observe_each(case, function, setups))
        except TimeOver:  # and the caller says so
            raise
        except KeyboardInterrupt:
            raise CourseError(
                f"You stopped the check of {reference.exercise} while it ran the case “{case.title}”: "
                "the function had not returned. Look for a loop in it that never ends."
            ) from None
    return verdict_on(reference, observed)


def _assignment(namespace: dict[str, Any], folder: str | Path | None, name: str) -> Assignment:
    if folder is not None:
        if not Path(folder).is_dir():
            raise CourseError(f"There is no folder {folder}: name the one in which cases.py and reference.json lie.")
        return Assignment(Path(folder).resolve())
    try:
        return assignment_here(namespace)
    except CourseError:
        packaged = packaged_assignment(name)  # as where a notebook alone was opened, in Colab
        if packaged is None:
            raise
        return packaged


def _reference(recording: Recording, name: str) -> Reference:
    if name not in recording.references:
        known = ", ".join(recording.references)
        meant = did_you_mean(name, recording.references)
        raise CourseError(f"This assignment has no exercise {name!r}.{meant} It has: {known}.")
    return recording.references[name]


def _function(namespace: dict[str, Any], reference: Reference) -> Callable[..., Any]:
    name = reference.exercise
    if name not in namespace:
        functions = [other for other, value in namespace.items() if callable(value) and not other.startswith("_")]
        meant = did_you_mean(name, functions)
        defined = f"{meant} That is what is defined; the exercise asks for {name}." if meant else ""
        raise CourseError(f"There is no function {name} yet: run the cell that defines it, then check again.{defined}")
    function = namespace[name]
    if not callable(function):
        raise CourseError(f"{name} is {type(function).__name__}, not a function: something was assigned to that name.")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # written in C: it does not say
        return function  # type: ignore[no-any-return]
    try:
        signature.bind(*reference.parameters)
    except TypeError:
        raise CourseError(
            f"{name} is called as {name}({', '.join(reference.parameters)}), and yours is written {name}{signature}: "
            "it cannot take these arguments."
        ) from None
    return function  # type: ignore[no-any-return]


def _exchanged(function: Callable[..., Any], reference: Reference) -> str:
    """Say it of a function that has the exercise's parameters in another order: they are given by their places."""
    try:
        names = tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return ""
    if names == reference.parameters or sorted(names) != sorted(reference.parameters):
        return ""
    name, asked = reference.exercise, ", ".join(reference.parameters)
    return f"{name} is called as {name}({asked}), and yours is written {name}({', '.join(names)}): in another order."


def _report(verdict: Verdict, recording: Recording, told: list[str], links: dict[str, str]) -> Report:
    text, html = as_text(verdict, recording.sections), as_html(verdict, recording.sections, links)
    for note in (*told, "" if verdict.agrees else recording.other_torch(verdict.exercise)):
        if note:
            text, html = f"{text}\n{fill(note, TEXT_WIDTH)}", f"{html}<p>{escape(note)}</p>"
    return Report(text, html)


def _first(verdict: Verdict) -> str:
    """Return the headline; with the first difference where only the message is seen (nbgrader's Validate)."""
    if headline_is_all(verdict) or VALIDATING not in os.environ:
        return headline(verdict)
    case = next(case for case in verdict.cases if not case.agrees)
    first = case.differences[0]
    parts = [
        headline(verdict),
        f"When {case.title}: {first.name}:",
        f"yours: {first.got}",
        f"the reference: {first.expected}",
    ]
    return "\n".join(fill(part, VALIDATED) for part in parts)
