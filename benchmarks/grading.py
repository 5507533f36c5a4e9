"""Grading a class: submissions a minute against stock nbgrader, processor time against the floor, growth, memory.

python benchmarks/grading.py                 against stock nbgrader and the floor, in turns (some ten minutes)
python benchmarks/grading.py --growth        20, 100 and 1,000 submissions: time, and memory of the command
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import msgspec
import psutil

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.classroom import hand_in, make_course

from gradstop.course import find_assignment, graded_cells, read_answers

BIN = Path(sys.executable).parent
STOCK = """
import os, sys
c = get_config()
os.environ["PATH"] = os.pathsep.join([{bin!r}, os.environ["PATH"]])
c.CourseDirectory.root = {root!r}
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "grading/release"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.db_url = "sqlite:///" + {root!r} + "/grading/gradebook.db"
c.CourseDirectory.ignore.extend(["domain.toml", "lazy_imports.json", "right_answers.py", "wrong_answers.py"])
"""


def answers_of(name: str) -> list[dict[str, str]]:
    """Return what a class hands in: the solution, and solutions with one known wrong answer in them."""
    assignment = find_assignment(ROOT, name)
    solved = {cell.grade_id: cell.source for cell in graded_cells(assignment.notebook) if cell.solution}
    from gradstop.grading.answer_key.control_selection import answer_sources

    sources = answer_sources((assignment.folder / "wrong_answers.py").read_text())
    wrong = read_answers(assignment.folder / "wrong_answers.py")
    spoilt = [
        {**solved, exercise: sources[exercise, answers[0].name].replace(f"def {answers[0].name}(", f"def {exercise}(")}
        for exercise, answers in wrong.items()
    ]
    return [solved, *spoilt]


def make_class(folder: Path, name: str, size: int, *, stock: bool = False) -> Path:
    """Make a course with a class that has handed in, and nothing graded."""
    course = make_course(folder, name)
    known = answers_of(name)
    for number in range(size):
        hand_in(course, f"student-{number:05}", known[number % len(known)], name)
    if stock:
        (course / "nbgrader_config.py").write_text(STOCK.format(bin=str(BIN), root=str(course)))
        run(course, "nbgrader", "generate_assignment", name)
    return course


def run(course: Path, *words: str) -> float:
    """Run a command in a course and return how long it took."""
    environment = {**os.environ, "JUPYTER_DEFAULT_PROVISIONER_NAME": "local-provisioner"}
    start = time.perf_counter()
    done = subprocess.run(
        [str(BIN / words[0]), *words[1:]], cwd=course, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - start


def forget(course: Path) -> None:
    """Make a course ungraded again."""
    for path in (course / "grading").glob("results.db*"):
        path.unlink()
    shutil.rmtree(course / "grading" / "autograded", ignore_errors=True)


def against_stock(name: str, size: int, stock_size: int, repeats: int, folder: Path) -> None:
    ours = make_class(folder / "ours", name, size)
    stock = make_class(folder / "stock", name, stock_size, stock=True)
    rates: dict[str, list[float]] = {"stock": [], "ours": []}
    for _ in range(repeats):
        rates["stock"].append(60 * stock_size / run(stock, "nbgrader", "autograde", name, "--force"))
        forget(ours)
        rates["ours"].append(60 * size / run(ours, "gradstop", "grade", name))
    stock_rate, our_rate = (statistics.median(rates[kind]) for kind in ("stock", "ours"))
    print(f"| submissions of {name} a minute, {os.cpu_count()} cores | stock nbgrader | gradstop grade | ratio |")
    print("|---|---|---|---|")
    print(f"| {size} submissions, start to end | {stock_rate:.1f} | {our_rate:.0f} | {our_rate / stock_rate:.1f} |")


def against_floor(name: str, repeats: int) -> None:
    """Compare processor time with that of the cells alone, in a fork of the same warm process without anything else."""
    from gradstop.course import read_json
    from gradstop.forkserver.server import MANY
    from gradstop.grading.assess import Unit, grade_unit
    from gradstop.grading.intake.submission import Submission
    from gradstop.grading.judging.bundle import secret_bundle
    from gradstop.grading.process.shared import warm_process_for
    from gradstop.grading.process.warm_process import WarmProcess
    from gradstop.grading.rules import Rules

    assignment = find_assignment(ROOT, name)
    bundle = secret_bundle(assignment, ROOT, None)
    notebook = read_json(assignment.reference.with_name(assignment.notebook.name))
    for cell in notebook["cells"]:
        mark = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers_of(name)[0].get(mark, cell["source"])
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    data, rules = (
        msgspec.json.encode(bundle),
        Rules.of_course(ROOT, assignment, timeout=30, memory=1024, sandboxed=True),
    )
    unit = msgspec.json.encode(Unit(Submission("one", json.dumps(notebook).encode(), {}), rules))
    bare = WarmProcess(Rules(sandboxed=False, lazy_imports=rules.lazy_imports))
    beside = {"cases.py": bundle.cases.encode(), "reference.json": assignment.reference.read_bytes()}

    def floor() -> None:
        with bare.start_submission(bundle.cases, beside) as process:
            process.run("import os; del os.environ['GRADSTOP_GRADING']", 60, 900_000)  # or the checks do nothing
            for source in cells:
                process.run(source, 60, 900_000)

    def ours() -> None:
        grade_unit(data, unit)

    times: dict[str, list[float]] = {"floor": [], "ours": []}
    for work in (floor, ours) * MANY:
        work()
    warm = {"floor": bare.wait_until_warm().process.pid, "ours": warm_process_for(rules).wait_until_warm().process.pid}
    for _ in range(repeats):
        before = used(warm["floor"])
        floor()
        times["floor"].append(used(warm["floor"]) - before)
        before, own = used(warm["ours"]), time.process_time()
        ours()
        times["ours"].append(used(warm["ours"]) - before + time.process_time() - own)
    bare.close()
    floor_time, our_time = (statistics.mean(times[kind]) for kind in ("floor", "ours"))  # in ticks of 10 ms each
    print("| processor time of a submission | cells alone, forked | sandbox, protocol, judge and all | ratio |")
    print("|---|---|---|---|")
    print(f"| {name} | {floor_time:.3f} s | {our_time:.3f} s | {our_time / floor_time:.2f} |")


def used(pid: int) -> float:
    """Return the processor time of a process and of its children that have ended, in seconds."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def growth(name: str, sizes: list[int], folder: Path) -> None:
    print("| submissions | time | for each | memory of the command | largest private memory of a submission |")
    print("|---|---|---|---|---|")
    for size in sizes:
        course = make_class(folder / str(size), name, size)
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(BIN / "gradstop"), "grade", name], cwd=course, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        sizes_seen = Watch(process.pid)
        process.wait()
        took = time.perf_counter() - start
        command, submission = sizes_seen.end()
        print(
            f"| {size} | {took:.1f} s | {took / size:.3f} s | {command >> 20} MiB | {submission >> 20} MiB |",
            flush=True,
        )
        shutil.rmtree(course)


class Watch:
    """Looks at a command's memory until it ends."""

    def __init__(self, pid: int) -> None:
        self._pid, self._command, self._submission, self._ended = pid, 0, 0, False
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended:
            try:
                command = psutil.Process(self._pid)
                self._command = max(self._command, command.memory_info().rss)
                for child in command.children(recursive=True):
                    if child.uids().real == 65534:  # whom a sandbox runs as
                        self._submission = max(self._submission, child.memory_full_info().uss)
            except psutil.Error:
                pass
            time.sleep(0.1)

    def end(self) -> tuple[int, int]:
        self._ended = True
        self._thread.join()
        return self._command, self._submission


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assignment", default="03-detach")
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--stock-size", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--floor", action="store_true", help="the comparison with the floor alone")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="*", default=[20, 100, 1000])
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        if options.growth:
            growth(options.assignment, options.sizes, Path(folder))
            return
        against_floor(options.assignment, 10 * options.repeats)
        if not options.floor:
            against_stock(options.assignment, options.size, options.stock_size, options.repeats, Path(folder))


if __name__ == "__main__":
    main()
