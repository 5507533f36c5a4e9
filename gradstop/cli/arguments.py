"""What may be said after ``gradstop``: each command, and what it takes."""

import argparse
import os
import re
from pathlib import Path
from typing import NoReturn

from gradstop import __version__
from gradstop.course import did_you_mean

# What people type for what is no command.
_ELSEWHERE = {
    "check": 'A check is said in a notebook: check("stop").',
    "draw": "A drawing is asked for in Python: from gradstop import draw.",
    "watch": "A script is watched by: python -m gradstop.watch SCRIPT.",
    "autograde": "Say: gradstop grade ASSIGNMENT.",
    "release": "What students get lies in _build/html/_downloads after: make book.",
    "help": "Say: gradstop --help.",
    "version": "Say: gradstop --version.",
}
_NO_SCRIPT = f"It repeats a student's verdict. {_ELSEWHERE['watch']}"


class _Parser(argparse.ArgumentParser):
    """Says of a command that there is none which one was meant, and of one that lacks a word which word that is."""

    def error(self, message: str) -> NoReturn:
        """End with a sentence, and 2, as for any wrong argument."""
        if unknown := re.match(r"argument COMMAND: invalid choice: '(.*?)' \(choose from (.*)\)", message):
            known = re.findall(r"\w+", unknown[2])
            elsewhere = _ELSEWHERE.get(unknown[1])
            meant = f" {elsewhere}" if elsewhere else did_you_mean(unknown[1], known)
            self.exit(2, f"gradstop: There is no command {unknown[1]!r}.{meant} There is: {', '.join(known)}.\n")
        if missing := re.match(r"the following arguments are required: (.*)", message):
            meant = f" {_NO_SCRIPT}" if self.prog.endswith(" explain") else ""
            self.exit(2, f"{self.prog} needs {missing[1]} too: see {self.prog} --help.{meant}\n")
        super().error(message)


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line: ``command`` is its name, and the rest what it takes."""
    whole: argparse.ArgumentParser = _Parser(
        prog="gradstop", description="Where Gradients Stop: the course's commands."
    )
    whole.add_argument("--version", action="version", version=f"gradstop {__version__}")
    root = "the course's folder (default: the nearest, from this one upwards)"
    whole.add_argument("--root", type=Path, help=root)
    diagnosis = argparse.ArgumentParser(add_help=False)
    diagnosis.add_argument("--root", type=Path, default=argparse.SUPPRESS, help=root)
    diagnosis.add_argument("--verbose", action="store_true", help="say what is being done")
    diagnosis.add_argument("--debug", action="store_true", help="say it in detail, and show the traceback of a fault")
    limits = argparse.ArgumentParser(add_help=False)
    limits.add_argument("--timeout", type=float, metavar="S", help="seconds for a cell, and for an exercise's cases")
    limits.add_argument("--memory", type=int, metavar="MIB", help="MiB of memory for one submission")
    limits.add_argument("--no-sandbox", action="store_true", help="run what students wrote as yourself, unprotected")
    commands = whole.add_subparsers(required=True, metavar="COMMAND", dest="command")

    def command(name: str, what: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=what, parents=[*parents, diagnosis])

    start = command("start", "copy an assignment to work/, where updates leave it alone")
    start.add_argument("assignment", nargs="*", help="for example 03-detach, detach, or 3")
    read = command("read", "copy the book's pages to work/book, where you may change them")
    read.add_argument("page", nargs="*", help="for example 03-detach, detach, or chapter 3")
    progress = command("progress", "show what is solved and what to try next")
    progress.add_argument("folder", nargs="*", help="an assignment or a folder of them (default: work)")
    people = command("class", "enter the class from a platform's list; rename or forget a student")
    people.add_argument("file", nargs="?", type=Path, help="a list as Moodle, Canvas or Gradescope exports it (CSV)")
    people.add_argument("--assignment", default="", help="the one that a grading worksheet of Moodle is about")
    people.add_argument("--rename", nargs=2, metavar=("OLD", "NEW"), help="give a student another user name")
    people.add_argument("--forget", metavar="ID", help="take a student out, and put aside what they handed in")
    collect = command("collect", "take the hand-ins that a platform lets you download")
    collect.add_argument("archive", type=Path, help="the zip of Moodle, Canvas or Gradescope, or a folder")
    collect.add_argument("--groups", type=Path, help="a CSV file with a column Group: members share what one hands in")
    collect.add_argument(
        "--attempts", default="", choices=["last", "best"], help="which counts (default: as before, or the last)"
    )
    collect.add_argument("--zone", default="", help="of a zip's times, as Europe/Berlin (default: this computer's)")
    collect.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
    grade = command("grade", "grade all submissions of an assignment; 30 s and 1024 MiB if nothing is said", limits)
    grade.add_argument("--student", default="*", help="grade this student alone; a pattern such as 'a*' names several")
    grade.add_argument("--force", action="store_true", help="grade again what has not changed, too")
    grade.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="submissions at a time (default: all cores)"
    )
    grade.add_argument("--scheduler", default="", help="a Dask cluster that does the work, tcp://HOST:PORT")
    grade.add_argument("--why", action="store_true", help="say in a line why an exercise has not earned all")
    grade.add_argument("--json", action="store_true", help="print the results as JSON")
    report = command("report", "write a page on how the class did in an assignment")
    report.add_argument("--anonymous", action="store_true", help="leave names out")
    explain = command("explain", "repeat a verdict from its kept seeds, limited as it was graded", limits)
    explain.add_argument("student")
    explain.add_argument("exercise", help="for example stop")
    explain.add_argument("--assignment", default="", help="needed where several have an exercise of this name")
    export = command("export", "write the gradebook's scores as CSV")
    export.add_argument("--to", default="", help="a file; - for the terminal (default: grading/grades.csv)")
    export.add_argument("--assignment", nargs="+", default=[], help="these alone (default: all in the gradebook)")
    forms = ["csv", "moodle", "moodle-worksheet", "canvas"]
    export.add_argument("--format", choices=forms, default="csv", help="who is to read it")
    export.add_argument("--title", nargs="+", default=[], help="what the platform calls each --assignment")
    feedback = command("feedback", "make the feedback, as a zip that a platform takes back")
    feedback.add_argument("--format", choices=["moodle", "canvas"], required=True, help="the platform")
    feedback.add_argument("--to", default="", help="a file (default: in grading/)")
    extend = command("extend", "let students hand in later than the due date")
    extend.add_argument(
        "words", nargs="*", metavar="STUDENT... ASSIGNMENT UNTIL", help='as in ann 03-detach "2027-03-08 23:59"'
    )
    extend.add_argument("--none", action="store_true", help="take it back: STUDENT... ASSIGNMENT")
    extend.add_argument("--group", action="store_true", help="and all who handed in together with them")
    command("doctor", "print what a report of a fault needs: versions, and what works here")
    refresh = command("refresh", "execute the notebooks and regenerate what is derived")
    refresh.add_argument("--only", default="", help="only notebooks whose path contains this")
    new = command("new", "lay out a new exercise")
    new.add_argument("exercise", help="NN-topic/function")
    vet = command("vet", "say what is wrong with an assignment's exercises")
    for one in (collect, grade, report, feedback, vet):  # without one they say which there are
        one.add_argument("assignment", nargs="?", default="", help="for example 03-detach")
    return whole
