"""Grading a class of 25 of which one hands in the worst that is known, against the same class without it, in turns.

"The others" is when the last of the other 24 was graded and written, for a command that does that; a submission that
takes much longer than half of the class is graded after them.

python benchmarks/worst_submissions.py [PART OF A NAME ...]        each kind of ``tests/support/worst.py``, or some
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.worst import WORST

grading = import_module("benchmarks.grading")


SIZE, NAME = 25, "03-detach"
WORST_STUDENT = f"student-{SIZE - 1:05}"
COMMANDS = {
    "grade": ["gradstop", "grade", NAME],
    "autograde": ["nbgrader", "autograde", NAME, "--force"],
    "report": ["gradstop", "report", NAME],
    "feedback": ["nbgrader", "generate_feedback", NAME, "--force"],
}


def used(course: Path, words: list[str]) -> tuple[float, float, float]:
    """Run a command; return the processor time of it and all that it started, how long it took, and the others."""
    before, start, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), time.time()
    command = [str(grading.BIN / words[0]), *words[1:]]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(words)}: {done.stderr[-2000:]}")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (
        processor,
        took,
        max((written - began for written in others_written(course) if written > began), default=took),
    )


def others_written(course: Path) -> list[float]:
    """When each of the others' graded notebooks was written."""
    graded = (course / "grading" / "autograded").glob(f"*/{NAME}/*.ipynb")
    return [one.stat().st_mtime for one in graded if one.parts[-3] != WORST_STUDENT]


def compared(plain: Path, names: list[str], commands: list[str], repeats: int, folder: Path) -> None:
    print("| one of 25 hands in | command | processor time | ratio | time | ratio | the others | ratio |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for name in names:
        course = folder / "worst"
        shutil.copytree(plain, course, symlinks=True)
        grading.forget(course)
        WORST[name](course / "grading" / "submitted" / WORST_STUDENT / NAME / "detach.ipynb")
        times: dict[tuple[str, Path], list[tuple[float, float, float]]] = {}
        for _ in range(repeats):
            for command in commands:
                for place in (plain, course):
                    if command in ("grade", "autograde"):
                        grading.forget(place)
                    times.setdefault((command, place), []).append(used(place, COMMANDS[command]))
        for command in commands:
            told = [
                [statistics.median(one[number] for one in times[command, place]) for place in (plain, course)]
                for number in (0, 1, 2)
            ]
            shown = " | ".join(f"{before:.1f} s, {now:.1f} s | {now / before:.2f}" for before, now in told)
            print(f"| {name} | {command} | {shown} |", flush=True)
        shutil.rmtree(course)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="a part of a kind's name")
    parser.add_argument("--commands", nargs="*", default=["grade"], choices=COMMANDS)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    names = [one for one in WORST if not options.names or any(part in one for part in options.names)]
    with tempfile.TemporaryDirectory() as folder:
        plain = grading.make_class(Path(folder, "plain"), NAME, SIZE)
        compared(plain, names, options.commands, options.repeats, Path(folder))


if __name__ == "__main__":
    main()
