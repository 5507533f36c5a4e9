"""What of an assignment is solved: runs a notebook's answers and checks each exercise."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradstop.checking.captured_output import printed
from gradstop.checking.check import run_check
from gradstop.checking.recording import Recording, read_recording
from gradstop.compare import Verdict
from gradstop.compare.report import reading, unwritten
from gradstop.course import CHECK, Assignment, CourseError, did_you_mean, read_json


@dataclass(frozen=True)
class State:
    """One exercise of a learner's notebook: its verdict, or why there is none."""

    exercise: str
    verdict: Verdict | None
    problem: str
    read: tuple[str, ...]

    @property
    def solved(self) -> bool:
        """Whether every case agrees."""
        return self.verdict is not None and self.verdict.agrees

    def words(self) -> str:
        """Say how far the exercise is."""
        if self.verdict is None:
            return self.problem
        if unwritten(self.verdict):
            return "not begun"
        return "solved" if self.solved else f"{self.verdict.passed} of {len(self.verdict.cases)} cases"


def assignments_in(folder: Path) -> list[Assignment]:
    """Return the assignments in a folder, which may be one itself.

    Raises:
        CourseError: where there is none.

    """
    found = [folder] if (folder / "cases.py").is_file() else sorted(p.parent for p in folder.glob("*/cases.py"))
    if not found:
        raise CourseError(f"There is no assignment in {folder.name}/: name a folder that holds one, such as exercises.")
    return [Assignment(path.resolve()) for path in found]


def progress(assignment: Assignment) -> Iterator[State]:
    """Run the answers in an assignment's notebook and yield the state of each exercise.

    The cells run in this process, in order, without the checks.

    Raises:
        CourseError: for a notebook or a recording that cannot be read.

    """
    recording = read_recording(assignment)
    namespace, failures = _run_cells(assignment.notebook)
    for exercise in recording.references:
        yield _state(exercise, namespace, failures, recording)


def _state(exercise: str, namespace: dict[str, Any], failures: dict[str, str], recording: Recording) -> State:
    function = namespace.get(exercise)
    if not callable(function):
        functions = [name for name, value in namespace.items() if callable(value)]
        missing = f"no function of this name.{did_you_mean(exercise, functions)}"
        return State(exercise, None, failures.get(exercise, missing), ())
    with printed():
        verdict = run_check(function, recording, recording.references[exercise])
    return State(exercise, verdict, "", tuple(reading(verdict, recording.sections)))


def _run_cells(notebook: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the cells define, and for each cell that fails its grade_id and error."""
    namespace: dict[str, Any] = {"__name__": "answers"}
    failures = {}
    for cell in read_json(notebook)["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if cell["cell_type"] != "code" or name.startswith(CHECK):
            continue
        lines = "".join(cell["source"]).splitlines(keepends=True)
        source = "".join(line for line in lines if not line.startswith(("%", "!")))
        try:
            with printed():
                exec(compile(source, f"{notebook.name}:{name}", "exec"), namespace)  # noqa: S102 - the learner's own
        except Exception as error:  # whatever an answer raises is reported, and the others go on
            failures[name] = f"its cell fails: {type(error).__name__}: {error}"
    return namespace, failures


def next_step(states: list[State]) -> str:
    """Say what to try next: what is begun, else the first that is not."""
    begun = [s for s in states if not s.solved and s.verdict is not None and not unwritten(s.verdict)]
    left = begun or [s for s in states if not s.solved]
    if not left:
        return "All solved."
    places = f" Read: {'; '.join(left[0].read[:2])}." if left[0].read else ""
    return f"Next: {left[0].exercise}.{places}"
