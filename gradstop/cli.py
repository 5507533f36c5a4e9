"""The command ``gradstop``: progress and start for learners, grade to export for instructors, the rest for authors."""

import argparse
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from gradstop import __version__, logs
from gradstop.course import CourseError, assignments, did_you_mean, find_assignment
from gradstop.course.files import SOLUTIONS
from gradstop.course.root import course_root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, or 1 after a sentence that says what is wrong."""
    options = _parser().parse_args(arguments)
    options.root = course_root(Path.cwd()) if options.root is None else options.root.resolve()
    logs.to_terminal(logging.DEBUG if options.debug else logging.INFO if options.verbose else logging.ERROR + 1)
    logs.to_files(options.root, f"gradstop {options.command}")
    try:
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # who reads has read enough, as ``head`` and ``less`` do
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except CourseError as trouble:
        logs.LOGGER.info("%s", trouble)
        print(f"gradstop: {trouble}", file=sys.stderr)
    except ModuleNotFoundError as missing:
        logs.LOGGER.info("%s is not installed", missing.name)
        print(f"gradstop: this needs {missing.name}: pip install 'gradstop[dev]'", file=sys.stderr)
    except KeyboardInterrupt:
        print("gradstop: stopped; what was finished is kept", file=sys.stderr)
    except Exception as error:
        place = logs.fault(f"gradstop {options.command} failed")
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        print(f"gradstop: this is a fault of gradstop's own: {said}; {place}.", file=sys.stderr)
        print("gradstop: for a report, add what gradstop doctor prints", file=sys.stderr)
    return 1


class _Parser(argparse.ArgumentParser):
    """Says of a command that there is none which one was meant."""

    def error(self, message: str) -> NoReturn:
        """End with a sentence, and 2, as for any wrong argument."""
        if unknown := re.match(r"argument COMMAND: invalid choice: '(.*?)' \(choose from (.*)\)", message):
            known = re.findall(r"\w+", unknown[2])
            meant = did_you_mean(unknown[1], known)
            if unknown[1] == "check":
                meant = ' A check is said in a notebook: check("stop").'
            self.exit(2, f"gradstop: There is no command {unknown[1]!r}.{meant} There is: {', '.join(known)}.\n")
        super().error(message)


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = _Parser(
        prog="gradstop", description="Where Gradients Stop: the course's commands."
    )
    parser.add_argument("--version", action="version", version=f"gradstop {__version__}")
    parser.add_argument("--root", type=Path, help="the course's folder (default: the nearest, from this one upwards)")
    diagnosis = argparse.ArgumentParser(add_help=False)
    diagnosis.add_argument("--verbose", action="store_true", help="say what is being done")
    diagnosis.add_argument("--debug", action="store_true", help="say it in detail, and show the traceback of a fault")
    limits = argparse.ArgumentParser(add_help=False)
    limits.add_argument("--timeout", type=float, metavar="S", help="seconds for a cell, and for an exercise's cases")
    limits.add_argument("--memory", type=int, metavar="MIB", help="MiB of memory for one submission")
    limits.add_argument("--no-sandbox", action="store_true", help="run what students wrote as yourself, unprotected")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], what: str, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=what, parents=[*parents, diagnosis])
        added.set_defaults(run=run)
        return added

    start = command("start", _start, "copy an assignment to work/, where updates leave it alone")
    start.add_argument("assignment", help="for example 03-detach, detach, or 3")
    read = command("read", _read, "copy the book's pages to work/book, where you may change them")
    read.add_argument("page", help="for example 03-detach, detach, or 3")
    progress = command("progress", _progress, "show what is solved and what to try next")
    progress.add_argument("folder", nargs="?", type=Path, help="an assignment or a folder of them (default: work)")
    people = command("class", _class, "enter the class from a platform's list; rename or forget a student")
    people.add_argument("file", nargs="?", type=Path, help="a list as Moodle, Canvas or Gradescope exports it (CSV)")
    people.add_argument("--assignment", default="", help="the one that a grading worksheet of Moodle is about")
    people.add_argument("--rename", nargs=2, metavar=("OLD", "NEW"), help="give a student another user name")
    people.add_argument("--forget", metavar="ID", help="take a student out, and put aside what they handed in")
    collect = command("collect", _collect, "take the hand-ins that a platform lets you download")
    collect.add_argument("archive", type=Path, help="the zip of Moodle, Canvas or Gradescope, or a folder")
    collect.add_argument("assignment", help="for example 03-detach")
    collect.add_argument("--groups", type=Path, help="a CSV file with a column Group: members share what one hands in")
    collect.add_argument(
        "--attempts", default="", choices=["last", "best"], help="which counts (default: as before, or the last)"
    )
    collect.add_argument("--zone", default="", help="of a zip's times, as Europe/Berlin (default: this computer's)")
    collect.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
    grade = command(
        "grade", _grade, "grade all submissions of an assignment; 30 s and 1024 MiB if nothing is said", limits
    )
    grade.add_argument("assignment", help="for example 03-detach")
    grade.add_argument("--student", default="*", help="grade this student alone; a pattern such as 'a*' names several")
    grade.add_argument("--force", action="store_true", help="grade again what has not changed, too")
    grade.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="submissions at a time (default: all cores)"
    )
    grade.add_argument("--scheduler", default="", help="a Dask cluster that does the work, tcp://HOST:PORT")
    grade.add_argument("--why", action="store_true", help="say in a line why an exercise has not earned all")
    grade.add_argument("--json", action="store_true", help="print the results as JSON")
    report = command("report", _report, "write a page on how the class did in an assignment")
    report.add_argument("assignment", help="for example 03-detach")
    report.add_argument("--anonymous", action="store_true", help="leave names out")
    explain = command("explain", _explain, "repeat a verdict from its kept seeds, limited as it was graded", limits)
    explain.add_argument("student")
    explain.add_argument("exercise", help="for example stop")
    explain.add_argument("--assignment", default="", help="needed where several have an exercise of this name")
    export = command("export", _export, "write the gradebook's scores as CSV")
    export.add_argument("--to", default="", help="a file; - for the terminal (default: grading/grades.csv)")
    export.add_argument("--assignment", nargs="+", default=[], help="these alone (default: all in the gradebook)")
    forms = ["csv", "moodle", "moodle-worksheet", "canvas"]
    export.add_argument("--format", choices=forms, default="csv", help="who is to read it")
    export.add_argument("--title", nargs="+", default=[], help="what the platform calls each --assignment")
    feedback = command("feedback", _feedback, "make the feedback, as a zip that a platform takes back")
    feedback.add_argument("assignment", help="for example 03-detach")
    feedback.add_argument("--format", choices=["moodle", "canvas"], required=True, help="the platform")
    feedback.add_argument("--to", default="", help="a file (default: in grading/)")
    extend = command("extend", _extend, "let students hand in later than the due date")
    extend.add_argument(
        "words", nargs="*", metavar="STUDENT... ASSIGNMENT UNTIL", help='as in ann 03-detach "2027-03-08 23:59"'
    )
    extend.add_argument("--none", action="store_true", help="take it back: STUDENT... ASSIGNMENT")
    extend.add_argument("--group", action="store_true", help="and all who handed in together with them")
    command("doctor", _doctor, "print what a report of a fault needs: versions, and what works here")
    refresh = command("refresh", _refresh, "execute the notebooks and regenerate what is derived")
    refresh.add_argument("--only", default="", help="only notebooks whose path contains this")
    new = command("new", _new, "lay out a new exercise")
    new.add_argument("exercise", help="NN-topic/function")
    vet = command("vet", _vet, "say what is wrong with an assignment's exercises")
    vet.add_argument("assignment", help="for example 03-detach")
    return parser


def _start(options: argparse.Namespace) -> int:
    from gradstop.checking.workspace import start

    print(start(options.root, options.assignment))
    return 0


def _read(options: argparse.Namespace) -> int:
    from gradstop.checking.workspace import read

    print(read(options.root, options.page))
    return 0


def _progress(options: argparse.Namespace) -> int:
    from gradstop.checking.progress import progress_command

    return progress_command(options.root, options.folder)


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

    _require_course(options.root)
    for line in refresh(options.root, options.only):
        print(line, flush=True)
    return 0


def _new(options: argparse.Namespace) -> int:
    from gradstop.authoring.new import new_exercise

    root = options.root
    _require_course(root)
    for path in new_exercise(root, options.exercise):
        print(f"fill in {path.relative_to(root)}")
    print(f"then: gradstop vet {options.exercise.partition('/')[0]}; make refresh; add its page to _toc.yml")
    return 0


def _require_course(root: Path) -> None:
    if not assignments(root):
        raise CourseError(f"{root.name}/ is no course, as it has no {SOLUTIONS}/: say this in a clone of one.")


def _vet(options: argparse.Namespace) -> int:
    from gradstop.authoring.bench import Bench
    from gradstop.authoring.vet import vet

    bench = Bench(find_assignment(options.root, options.assignment))
    faults = [fault for exercise in bench.solutions for fault in vet(bench, exercise)]
    for fault in faults:
        print(fault)
    print(f"{len(bench.solutions)} exercises, {len(faults)} faults")
    return 1 if faults else 0
