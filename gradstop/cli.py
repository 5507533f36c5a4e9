"""The commands ``gradstop grade`` and ``gradstop refresh``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gradstop.course import CourseError, find_assignment


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, or 1 after a sentence that says what is wrong."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except CourseError as trouble:
        print(f"gradstop: {trouble}", file=sys.stderr)
    except ModuleNotFoundError as missing:
        print(f"gradstop: this needs {missing.name}: pip install 'gradstop[dev]'", file=sys.stderr)
    except KeyboardInterrupt:
        print("gradstop: stopped; what was finished is kept", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gradstop", description="Where Gradients Stop: the course's commands.")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: this one)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    grade = commands.add_parser("grade", help="grade all submissions of an assignment")
    grade.add_argument("assignment", help="for example 03-detach")
    grade.add_argument("--student", default="*", help="grade this student alone")
    grade.set_defaults(run=_grade)
    refresh = commands.add_parser("refresh", help="execute the notebooks and regenerate what is derived")
    refresh.add_argument("--only", default="", help="only notebooks whose path contains this")
    refresh.set_defaults(run=_refresh)
    return parser


def _grade(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from gradstop.grading.batch import grade, open_course

    course = open_course(options.root.resolve())
    assignment = find_assignment(course.root, options.assignment)
    students = course.students(assignment, options.student)
    results = list(tqdm(grade(course, assignment, students), "grading", len(students), unit="submission"))
    for result in results:
        scores = "  ".join(f"{name} {score:g}" for name, score in result.scores.items())
        total = "not graded" if result.problem else f"{sum(result.scores.values()):g}"
        print(f"{result.student:<20} {total:>10}  {result.problem or scores}")
    failed = sum(bool(result.problem) for result in results)
    print(f"{len(results) - failed} graded, {failed} not graded. Next: nbgrader generate_feedback {assignment.name}")
    return 1 if failed else 0


def _refresh(options: argparse.Namespace) -> int:
    from gradstop.authoring.refresh import refresh

    for line in refresh(options.root.resolve(), options.only):
        print(line, flush=True)
    return 0
