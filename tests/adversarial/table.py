"""Writes README.md: all threats, what each gets from ``gradstop grade``, and from stock nbgrader.

Run it as ``python tests/adversarial/table.py`` from the repository's root. Both courses lie in a temporary folder.
Stock nbgrader executes submissions as whoever runs this, so that threats to the machine are not run there.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from support.classroom import all_scores, make_course, run  # noqa: E402
from support.threats import CLASSES, FULL, NAME, Threat, threats  # noqa: E402

RISKY = ("outside", "resources")
STOCK_SECONDS = 120  # for one submission; each of its cells has 30
CONFIG = """
import os, sys
from pathlib import Path
c = get_config()
ROOT = Path(__file__).resolve().parent
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.course_id = "gradients"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.db_url = f"sqlite:///{ROOT / 'grading' / 'gradebook.db'}"
c.Execute.timeout = 30
"""
HEAD = """# Threats and outcomes

One folder for each threat: `threat.json` says what it is and what it must get, `answers.py` or `make.py` is what is
handed in. `tests/grading/test_adversarial.py` grades all of them as one class;
`tests/grading/test_adversarial_controls.py` takes each defence away and shows that the attack then wins or the harm is
done.

The assignment has {points:g} points in five exercises; what a threat leaves alone keeps its published solution.
*Deserved* is what the answers are worth, *ours* what `gradstop grade` gives, *stock* what `nbgrader autograde` with its
own preprocessors gives to the same file, where an exercise counts whole or not at all. Written by `table.py`.
"""


def main() -> None:
    """Grade all threats both ways and write the table."""
    known = threats()
    with tempfile.TemporaryDirectory() as folder:
        ours = graded(Path(folder) / "ours", known)
        stock = graded_by_nbgrader(Path(folder) / "stock", [t for t in known if t.kind not in RISKY and t.stock])
    lines = "\n".join(table(known, ours, stock))
    (HERE / "README.md").write_text(f"{HEAD.format(points=sum(FULL.values()))}\n{lines}\n")


def places(course: Path) -> dict[str, str]:
    """Return what the names in a threat's cells stand for: places where there is nothing."""
    nothing = str(course / "nothing")
    return {"MARKER": "marker", "PORT": "9", "SOCKET": nothing, "HOME": nothing, "COURSE": nothing}


def hand_in_all(course: Path, known: list[Threat]) -> None:
    """Hand in the threats, and what some of them refer to."""
    for threat in known:
        threat.hand_in(course, places(course))
    (course / "canary.txt").write_text("canary")


def graded(course: Path, known: list[Threat]) -> dict[str, str]:
    """Return what ``gradstop grade`` gives."""
    make_course(course, NAME)
    hand_in_all(course, known)
    done = run(course, "gradstop", "grade", NAME, "--jobs", "2", "--timeout", "4", "--memory", "512", "--json")
    results = {result["student"]: result for result in json.loads(done.stdout)}
    return {
        name: "not graded, with the reason" if result["problem"] else f"{result['score']:g}"
        for name, result in results.items()
    }


def graded_by_nbgrader(course: Path, known: list[Threat]) -> dict[str, str]:
    """Return what stock nbgrader gives, in words where it gives nothing."""
    make_course(course, NAME)
    hand_in_all(course, known)
    (course / "nbgrader_config.py").write_text(CONFIG)
    for beside in ("right_answers.py", "wrong_answers.py"):
        (course / "solutions" / NAME / beside).unlink()
    shutil.copy(course / "exercises" / NAME / "reference.json", course / "solutions" / NAME)
    made = run(course, "nbgrader", "generate_assignment", NAME, "--force")
    if made.returncode:
        raise SystemExit(made.stderr)

    for threat in known:  # alone: some end the whole run
        run_at_most(course, "nbgrader", "autograde", NAME, "--student", threat.name)
        print(threat.name, flush=True)
    found = all_scores(course, NAME)
    return {
        threat.name: f"{sum(filter(None, found[threat.name].values())):g}" if found.get(threat.name) else "not graded"
        for threat in known
    }


def run_at_most(course: Path, *command: str) -> None:
    """Run a command, and end it with what it has started after ``STOCK_SECONDS``: some submissions wait for ever.

    Nothing is read from it, as what it leaves running would hold the other end.
    """
    program = str(Path(sys.executable).parent / command[0])
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(
        [program, *command[1:]], cwd=course, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
    )
    try:
        process.wait(STOCK_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"{command[-1]} was ended after {STOCK_SECONDS} s", flush=True)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def table(known: list[Threat], ours: dict[str, str], stock: dict[str, str]) -> Iterator[str]:
    """Yield the lines of the table, a part for each class."""
    for kind in CLASSES:
        yield from ["", f"## {kind.capitalize()}", "", "| threat | deserved | ours | stock | defence |"]
        yield "|---|---|---|---|---|"
        for threat in known:
            if threat.kind == kind:
                other = stock.get(threat.name, "not run: it would have happened" if kind in RISKY else "not run")
                note = " (accepted: SECURITY.md)" if threat.accepted else ""
                row = [f"{threat.says}{note}", deserved(threat), ours[threat.name], other, threat.control]
                yield f"| {' | '.join(row)} |"


def deserved(threat: Threat) -> str:
    """Return what the answers are worth."""
    if threat.problem:
        return "not graded"
    if threat.accepted:
        return "13"
    total = sum(threat.expected.values())
    most = sum(threat.at_most.values())
    return f"{total - sum(FULL[name] - most for name in threat.at_most):g} at most" if threat.at_most else f"{total:g}"


if __name__ == "__main__":
    main()
