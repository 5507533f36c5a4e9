"""What of an assignment is solved: runs a notebook's answers and checks each exercise."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gradstop.checking.apart import Lines, apart
from gradstop.checking.captured_output import printed
from gradstop.checking.cells import run_cells
from gradstop.checking.check import run_check
from gradstop.checking.recording import Recording, read_recording
from gradstop.checking.time_limit import TimeOver, endless, time_limit
from gradstop.compare import Verdict
from gradstop.compare.report import reading, unwritten
from gradstop.course import Assignment, CourseError, did_you_mean
from gradstop.course.files import EXERCISES, WORK
from gradstop.course.named import named
from gradstop.course.student_files import exercises_folder

_BEGIN, _EXAMPLE = "To begin one: gradstop start", "03-detach"
SECONDS = 30.0  # for a cell, and for the cases of an exercise


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
    inside = [*folder.glob("*/cases.py"), *folder.glob("*/reference.json")]  # one may be missing, and is named then
    found = [folder] if (folder / "cases.py").is_file() else sorted({path.parent for path in inside})
    if not found:
        raise CourseError(f"There is no assignment in {folder.resolve().name}/. {_BEGIN} {_EXAMPLE}")
    return [Assignment(path.resolve()) for path in found]


def progress_command(root: Path, folder: Path | None) -> int:
    """Print the state of each exercise as soon as it is known; return 1 where a file of an assignment cannot be read.

    Args:
        root: the course's folder, or the one that holds ``work``.
        folder: an assignment, by its folder, its notebook or its name, or a folder of several. Without one it is the
            assignment in the working directory, else all in ``work``, else all in ``exercises``.

    Raises:
        CourseError: where there is no assignment.

    """
    here = Path.cwd()
    work = next((place for place in (root / WORK, root / EXERCISES) if place.is_dir()), root)
    code = 0
    if folder is not None and not folder.is_dir():
        begun = {path.parent.name: path.parent for path in sorted([*work.glob("*/cases.py"), *here.glob("cases.py")])}
        try:
            folder = folder.parent if folder.is_file() else begun[named(str(folder), begun, "assignment begun")]
        except CourseError as trouble:
            raise CourseError(f"{trouble} {_BEGIN} {_to_begin(root, str(folder))}") from None
    for assignment in assignments_in(folder or (here if (here / "cases.py").is_file() else work)):
        print(assignment.name, flush=True)
        lines = apart(partial(_lines, assignment))
        try:
            while True:
                print(next(lines), flush=True)
        except StopIteration as end:
            code |= end.value
    return code


def _to_begin(root: Path, typed: str) -> str:
    """Return the assignment that was typed, and where there is none of this name the example that stands elsewhere."""
    known = [path.parent.name for path in exercises_folder(root).glob("*/cases.py")]
    try:
        return named(typed, known, "assignment")
    except CourseError:
        return _EXAMPLE


def _lines(assignment: Assignment, doing: Callable[[str], None]) -> Lines:
    states = []
    try:
        for state in progress(assignment, doing):
            states.append(state)
            yield f"  {state.exercise:<24}{state.words()}"
        yield f"  {sum(state.solved for state in states)} of {len(states)} solved. {next_step(states)}"
    except CourseError as trouble:  # and the other assignments go on
        yield f"  {trouble}"
        return 1
    return 0


def progress(assignment: Assignment, doing: Callable[[str], None] = lambda _: None) -> Iterator[State]:
    """Run the answers in an assignment's notebook and yield the state of each exercise.

    The cells run in this process, in order, without the checks; each cell, and each exercise's cases, for ``SECONDS``.
    Before each ``doing`` is called with what it is.

    Raises:
        CourseError: for a notebook or a recording that cannot be read.

    """
    recording = read_recording(assignment)
    namespace, failures = run_cells(assignment.notebook, SECONDS, doing)
    for exercise in recording.references:
        doing(f"the cases of {exercise}")
        yield _state(exercise, namespace, failures, recording)


def _state(exercise: str, namespace: dict[str, Any], failures: dict[str, str], recording: Recording) -> State:
    function = namespace.get(exercise)
    if not callable(function):
        functions = [name for name, value in namespace.items() if callable(value)]
        missing = f"no function of this name.{did_you_mean(exercise, functions)}"
        return State(exercise, None, failures.get(exercise, missing), ())
    try:
        with printed(), time_limit(SECONDS):
            verdict = run_check(function, recording, recording.references[exercise])
    except TimeOver:
        return State(exercise, None, f"it {endless(SECONDS)}", ())
    except SystemExit:
        return State(exercise, None, "it ends Python, with exit() or quit()", ())
    except CourseError:  # who presses a key ends the command, and not this
        return State(exercise, None, "it raises KeyboardInterrupt", ())
    return State(exercise, verdict, "", tuple(reading(verdict, recording.sections)))


def next_step(states: list[State]) -> str:
    """Say what to try next: what is begun, else the first that is not."""
    begun = [s for s in states if not s.solved and s.verdict is not None and not unwritten(s.verdict)]
    left = begun or [s for s in states if not s.solved]
    if not left:
        return "All solved."
    places = f" Read: {'; '.join(left[0].read[:2])}." if left[0].read else ""
    return f"Next: {left[0].exercise}.{places}"
