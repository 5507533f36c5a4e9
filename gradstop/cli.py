"""The command ``gradstop``: progress and start for learners, grade to export for instructors, the rest for authors."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from gradstop.course import CourseError, find_assignment
from gradstop.course.files import EXERCISES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, or 1 after a sentence that says what is wrong."""
    options = _parser().parse_args(arguments)
    try:
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # who reads has read enough, as `head` and `less` do
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
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
    start = commands.add_parser("start", help="copy an assignment to work/, where updates leave it alone")
    start.add_argument("assignment", help="for example 03-detach")
    start.set_defaults(run=_start)
    progress = commands.add_parser("progress", help="show what is solved and what to try next")
    progress.add_argument("folder", nargs="?", type=Path, help="an assignment or a folder of them (default: work)")
    progress.set_defaults(run=_progress)
    grade = commands.add_parser("grade", help="grade all submissions of an assignment")
    grade.add_argument("assignment", help="for example 03-detach")
    grade.add_argument("--student", default="*", help="grade this student alone; a pattern such as 'a*' names several")
    grade.add_argument("--force", action="store_true", help="grade again what has not changed, too")
    grade.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="submissions at a time (default: all cores)"
    )
    grade.add_argument("--timeout", type=float, help="seconds for one cell, and for one exercise's cases (default: 30)")
    grade.add_argument("--memory", type=int, help="MiB of memory for one submission (default: 1024)")
    grade.add_argument("--scheduler", default="", help="a Dask cluster that does the work, tcp://HOST:PORT")
    grade.add_argument("--no-sandbox", action="store_true", help="run what students wrote as yourself, unprotected")
    grade.add_argument("--json", action="store_true", help="print the results as JSON")
    grade.set_defaults(run=_grade)
    report = commands.add_parser("report", help="write a page on how the class did in an assignment")
    report.add_argument("assignment", help="for example 03-detach")
    report.add_argument("--anonymous", action="store_true", help="leave names out")
    report.set_defaults(run=_report)
    explain = commands.add_parser("explain", help="repeat a verdict from its kept seeds, and show it")
    explain.add_argument("student")
    explain.add_argument("exercise", help="for example stop")
    explain.add_argument("--assignment", default="", help="needed where several have an exercise of this name")
    explain.add_argument("--timeout", type=float, help="seconds (default: as it was graded with)")
    explain.add_argument("--memory", type=int, help="MiB (default: as it was graded with)")
    explain.add_argument("--no-sandbox", action="store_true", help="run what was written as yourself, unprotected")
    explain.set_defaults(run=_explain)
    export = commands.add_parser("export", help="write the gradebook's scores as CSV")
    export.add_argument("--to", default="", help="a file; - for the terminal (default: grading/grades.csv)")
    export.add_argument("--assignment", nargs="+", default=[], help="these alone (default: all in the gradebook)")
    export.add_argument("--format", choices=["csv", "moodle", "canvas"], default="csv", help="who is to read it")
    export.set_defaults(run=_export)
    refresh = commands.add_parser("refresh", help="execute the notebooks and regenerate what is derived")
    refresh.add_argument("--only", default="", help="only notebooks whose path contains this")
    refresh.set_defaults(run=_refresh)
    new = commands.add_parser("new", help="lay out a new exercise")
    new.add_argument("exercise", help="NN-topic/function")
    new.set_defaults(run=_new)
    vet = commands.add_parser("vet", help="say what is wrong with an assignment's exercises")
    vet.add_argument("assignment", help="for example 03-detach")
    vet.set_defaults(run=_vet)
    return parser


def _start(options: argparse.Namespace) -> int:
    from gradstop.checking.workspace import start

    print(start(options.root.resolve(), options.assignment))
    return 0


def _progress(options: argparse.Namespace) -> int:
    from gradstop.checking.progress import assignments_in, next_step, progress
    from gradstop.checking.workspace import WORK

    work = options.root / WORK
    for assignment in assignments_in(options.folder or (work if work.is_dir() else options.root / EXERCISES)):
        states = list(progress(assignment))
        print(f"{assignment.name}: {sum(state.solved for state in states)} of {len(states)} solved")
        for state in states:
            print(f"  {state.exercise:<24}{state.words()}")
        print(f"  {next_step(states)}")
    return 0


def _grade(options: argparse.Namespace) -> int:
    from gradstop.grading.command import grade_command

    return grade_command(options.root.resolve(), options)


def _report(options: argparse.Namespace) -> int:
    from gradstop.grading.reporting.report_command import report_command

    return report_command(options.root.resolve(), options)


def _explain(options: argparse.Namespace) -> int:
    from gradstop.grading.reporting.explain import explain_command

    return explain_command(options.root.resolve(), options)


def _export(options: argparse.Namespace) -> int:
    from gradstop.grading.reporting.export import export_command

    return export_command(options.root.resolve(), options)


def _refresh(options: argparse.Namespace) -> int:
    from gradstop.authoring.refresh import refresh

    for line in refresh(options.root.resolve(), options.only):
        print(line, flush=True)
    return 0


def _new(options: argparse.Namespace) -> int:
    from gradstop.authoring.new import new_exercise

    root = options.root.resolve()
    for path in new_exercise(root, options.exercise):
        print(f"fill in {path.relative_to(root)}")
    print(f"then: gradstop vet {options.exercise.partition('/')[0]}; make refresh; add its page to _toc.yml")
    return 0


def _vet(options: argparse.Namespace) -> int:
    from gradstop.authoring.bench import Bench
    from gradstop.authoring.vet import vet

    bench = Bench(find_assignment(options.root.resolve(), options.assignment))
    faults = [fault for exercise in bench.solutions for fault in vet(bench, exercise)]
    for fault in faults:
        print(fault)
    print(f"{len(bench.solutions)} exercises, {len(faults)} faults")
    return 1 if faults else 0
