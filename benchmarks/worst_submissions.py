"""What a command takes with a class of 25 of which one hands in the worst that is known, and without it, in turns.

Memory is the largest private memory of the command and all that it started. "The others" is when the last of the other
24 was graded and written, for a command that does that; a submission that takes much longer than half of the class is
graded after them.

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
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import psutil
from support.platform_exports import Person, moodle, moodle_participants
from support.worst import WORST

grading = import_module("benchmarks.grading")


SIZE, NAME = 25, "03-detach"
WORST_STUDENT = f"student-{SIZE - 1:05}"
COMMANDS = {
    "collect": ["gradstop", "collect", "downloads", NAME],
    "grade": ["gradstop", "grade", NAME],
    "autograde": ["nbgrader", "autograde", NAME, "--force"],
    "report": ["gradstop", "report", NAME],
    "feedback": ["nbgrader", "generate_feedback", NAME, "--force"],
    "hand back": ["gradstop", "feedback", NAME, "--format", "moodle"],
    "export": ["gradstop", "export"],
    "explain": ["gradstop", "explain", WORST_STUDENT, "stop"],
}


def used(course: Path, words: list[str]) -> tuple[float, float, float, float]:
    """Run a command; return the processor time of all of it, how long it took, the others, and its MiB of memory."""
    before, start, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), time.time()
    command = [str(grading.BIN / words[0]), *words[1:]]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=course, stdout=subprocess.DEVNULL, stderr=said)
        memory = largest_private_memory(process)
        took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        if process.returncode not in (0, 1):
            said.seek(0)
            sys.exit(f"{' '.join(words)}: {said.read()[-2000:]}")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    others = max((written - began for written in others_written(course) if written > began), default=took)
    return processor, took, others, memory


def largest_private_memory(process: subprocess.Popen[bytes]) -> float:
    """Wait until a command ends; return the most MiB that its processes held at a time, without what they share."""
    most, ended = 0, threading.Event()

    def look() -> None:
        nonlocal most
        while not ended.wait(0.3):
            now = 0
            with suppress(psutil.Error):
                command = psutil.Process(process.pid)
                for one in [command, *command.children(recursive=True)]:
                    with suppress(psutil.Error):
                        now += one.memory_full_info().uss
            most = max(most, now)

    thread = threading.Thread(target=look)
    thread.start()
    process.wait()
    ended.set()
    thread.join()
    return most / (1 << 20)


def with_downloads(course: Path) -> None:
    """Put what is handed in where ``collect`` takes it from, as Moodle names it, and enter the class."""
    people = [Person(f"student-{number:05}", f"First{number}", f"Last{number}", number) for number in range(SIZE)]
    (course / "class.csv").write_text(moodle_participants(people))
    subprocess.run([str(grading.BIN / "gradstop"), "class", "class.csv"], cwd=course, check=True, capture_output=True)
    for one in people:
        shutil.copytree(
            course / "grading" / "submitted" / one.id / NAME, course / "downloads" / Path(moodle(one)).parent
        )


def others_written(course: Path) -> list[float]:
    """When each of the others' graded notebooks was written."""
    graded = (course / "grading" / "autograded").glob(f"*/{NAME}/*.ipynb")
    return [one.stat().st_mtime for one in graded if one.parts[-3] != WORST_STUDENT]


def compared(plain: Path, names: list[str], commands: list[str], repeats: int, folder: Path) -> None:
    print("| one of 25 hands in | command | processor time | ratio | time | ratio | the others | ratio | memory |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    with_downloads(plain)
    for name in names:
        course = folder / "worst"
        shutil.copytree(plain, course, symlinks=True, ignore=shutil.ignore_patterns("downloads"))
        grading.forget(course)
        WORST[name](course / "grading" / "submitted" / WORST_STUDENT / NAME / "detach.ipynb")
        with_downloads(course)
        times: dict[tuple[str, Path], list[tuple[float, float, float, float]]] = {}
        for _ in range(repeats):
            for command in commands:
                for place in (plain, course):
                    if command in ("grade", "autograde"):
                        grading.forget(place)
                    times.setdefault((command, place), []).append(used(place, COMMANDS[command]))
        for command in commands:
            told = [
                [statistics.median(one[number] for one in times[command, place]) for place in (plain, course)]
                for number in range(4)
            ]
            shown = " | ".join(f"{before:.1f} s, {now:.1f} s | {now / before:.2f}" for before, now in told[:3])
            print(f"| {name} | {command} | {shown} | {told[3][0]:.0f}, {told[3][1]:.0f} MiB |", flush=True)
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
