"""Runs the command that was typed, and words what went wrong."""

import argparse
import errno
import logging
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from gradstop import logs
from gradstop.cli.arguments import parser
from gradstop.course import CourseError, find_assignment
from gradstop.course.files import require_course
from gradstop.course.root import course_root

# Whose commands need what a learner has not: of the package's extras this one.
_EXTRAS = {
    **dict.fromkeys(("class", "collect", "grade", "report", "explain", "export", "feedback", "extend"), "grading"),
    **dict.fromkeys(("refresh", "new", "vet"), "authoring"),
}
# What a disk, or who may write where, has to do with, and no fault of ours.
_MACHINE = {
    *(errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOSPC),
    *(errno.ENOTDIR, errno.EPERM, errno.EROFS),
}


def run(arguments: Sequence[str] | None) -> int:
    """Run a command; return 0, or 1 after a sentence that says what is wrong."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a sign of ours, as under Windows
    options = parser().parse_args(arguments)
    logs.to_terminal(logging.DEBUG if options.debug else logging.INFO if options.verbose else logging.ERROR + 1)
    try:
        options.root = _root(options.root)
        _require_readable(options.root)
        logs.to_files(options.root, f"gradstop {options.command}")
        if options.command in _EXTRAS:
            require_course(options.root)
        code = int(_RUN[options.command](options))
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # who reads has read enough, as ``head`` and ``less`` do
        _print_no_more()
    except CourseError as trouble:
        logs.LOGGER.info("%s", trouble)
        print(f"gradstop: {trouble}", file=sys.stderr)
    except ModuleNotFoundError as missing:
        logs.LOGGER.info("%s is not installed", missing.name)
        extra = _EXTRAS.get(options.command)
        package = f"'gradstop[{extra}]'" if extra else missing.name
        print(f"gradstop: this needs {missing.name}: pip install {package}", file=sys.stderr)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _MACHINE:
            place = f"{error.filename}: " if error.filename else ""
            print(f"gradstop: {place}{error.strerror}", file=sys.stderr)
            _print_no_more()
            return 1
        place = logs.fault(f"gradstop {options.command} failed")
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        print(f"gradstop: this is a fault of gradstop's own: {said}; {place}.", file=sys.stderr)
        print("gradstop: for a report, add what gradstop doctor prints", file=sys.stderr)
    return 1


def _root(named: Path | None) -> Path:
    """Return the course's folder: the one named, or the nearest.

    Raises:
        CourseError: where there is no such folder.

    """
    try:
        here = Path.cwd()
    except FileNotFoundError:
        raise CourseError("The folder that you are in is no longer there: go to another one.") from None
    if named is None:
        return course_root(here)
    if not named.is_dir():
        raise CourseError(f"There is no folder {named}.")
    return named.resolve()


def _require_readable(folder: Path) -> None:
    """Raise CourseError where files cannot be named, as UTF-8, by what this locale makes of the folder's name."""
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        raise CourseError(
            "The name of this folder has letters that are not of this locale: set PYTHONUTF8=1 in the environment."
        ) from None


def _print_no_more() -> None:
    """Leave what cannot be printed, or Python tries it once more as it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _start(options: argparse.Namespace) -> int:
    from gradstop.checking.workspace import start

    print(start(options.root, " ".join(options.assignment)))
    return 0


def _read(options: argparse.Namespace) -> int:
    from gradstop.checking.workspace import read

    print(read(options.root, " ".join(options.page)))
    return 0


def _progress(options: argparse.Namespace) -> int:
    from gradstop.checking.progress import progress_command

    return progress_command(options.root, Path(" ".join(options.folder)) if options.folder else None)


def _class(options: argparse.Namespace) -> int:
    from gradstop.grading.platforms.class_command import class_command

    return class_command(options.root.resolve(), options)


def _collect(options: argparse.Namespace) -> int:
    from gradstop.grading.collecting.collect_command import collect_command

    return collect_command(options.root.resolve(), options)


def _grade(options: argparse.Namespace) -> int:
    from gradstop.grading.command import grade_command

    return grade_command(options.root, options)


def _report(options: argparse.Namespace) -> int:
    from gradstop.grading.reporting.report_command import report_command

    return report_command(options.root, options)


def _explain(options: argparse.Namespace) -> int:
    from gradstop.grading.reporting.explain import explain_command

    return explain_command(options.root, options)


def _export(options: argparse.Namespace) -> int:
    from gradstop.grading.reporting.export import export_command

    return export_command(options.root, options)


def _feedback(options: argparse.Namespace) -> int:
    from gradstop.grading.handing_back.feedback_command import feedback_command

    return feedback_command(options.root.resolve(), options)


def _extend(options: argparse.Namespace) -> int:
    from gradstop.grading.standing.extend_command import extend_command

    return extend_command(options.root.resolve(), options)


def _doctor(options: argparse.Namespace) -> int:
    from gradstop.doctor import findings

    for finding in findings(options.root):
        print(finding.line(), flush=True)
    return 0


def _refresh(options: argparse.Namespace) -> int:
    from gradstop.authoring.refresh import refresh

    for line in refresh(options.root, options.only):
        print(line, flush=True)
    return 0


def _new(options: argparse.Namespace) -> int:
    from gradstop.authoring.new import new_exercise

    root = options.root
    for path in new_exercise(root, options.exercise):
        print(f"fill in {os.path.relpath(path)}")
    print(f"then: gradstop vet {options.exercise.partition('/')[0]}; make refresh; add its page to _toc.yml")
    return 0


def _vet(options: argparse.Namespace) -> int:
    from gradstop.authoring.bench import Bench
    from gradstop.authoring.vet import vet

    bench = Bench(find_assignment(options.root, options.assignment))
    faults = [fault for exercise in bench.solutions for fault in vet(bench, exercise)]
    for fault in faults:
        print(fault)
    print(f"{len(bench.solutions)} exercises, {len(faults)} faults")
    return 1 if faults else 0


_RUN = {
    "start": _start,
    "read": _read,
    "progress": _progress,
    "class": _class,
    "collect": _collect,
    "grade": _grade,
    "report": _report,
    "explain": _explain,
    "export": _export,
    "feedback": _feedback,
    "extend": _extend,
    "doctor": _doctor,
    "refresh": _refresh,
    "new": _new,
    "vet": _vet,
}
