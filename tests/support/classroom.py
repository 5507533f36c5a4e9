"""A course in a folder of its own, as an instructor has it: hand in, grade, read the gradebook."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from support.commands import run_command
from support.course import ROOT

from gradstop.course import CHECK, Assignment, graded_cells

SOLVED = {
    cell.grade_id: cell.source
    for cell in graded_cells(ROOT / "solutions" / "03-detach" / "detach.ipynb")
    if cell.solution
}


def make_course(folder: Path, assignment: str = "*", only: Collection[str] = ()) -> Path:
    """Make a course of the assignments whose names match, without a gradebook; with `only` these exercises of them."""
    for source in ("solutions", "exercises"):
        for one in (ROOT / source).glob(assignment):
            if one.is_dir():
                shutil.copytree(one, folder / source / one.name)
    shutil.copytree(ROOT / "book", folder / "book")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    if only:
        keep_only(folder, only)
    return folder


def keep_only(course: Path, exercises: Collection[str]) -> None:
    """Take all other exercises out of a course."""
    for path in course.glob("*/*/*.ipynb"):
        change(path, lambda notebook: _without_others(notebook, exercises))


def _without_others(notebook, exercises) -> None:
    names = [cell["metadata"].get("nbgrader", {}).get("grade_id", "").removeprefix(CHECK) for cell in notebook["cells"]]
    cells = zip(notebook["cells"], names, strict=True)
    notebook["cells"] = [cell for cell, name in cells if name in ("", "setup", *exercises)]


def change(path: Path, edit) -> None:
    notebook = json.loads(path.read_text())
    edit(notebook)
    path.write_text(json.dumps(notebook))


def without_checks(notebook) -> None:
    notebook["cells"] = [c for c in notebook["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")]


def hand_in(course: Path, student: str, answers: dict[str, str], assignment: str = "03-detach") -> Path:
    """Put a submission where nbgrader collects them: the student copy with these cells filled in."""
    folder = course / "grading" / "submitted" / student / assignment
    shutil.copytree(course / "exercises" / assignment, folder)
    path = Assignment(folder).notebook

    def fill(notebook):
        for cell in notebook["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            cell["source"] = answers.get(name, cell["source"])

    change(path, fill)
    return path


def run(course: Path, *command: str, **changed: str) -> subprocess.CompletedProcess:
    """Run a command as a user does who has not activated the virtual environment; `changed` are variables of it."""
    environment = {**os.environ, "PATH": os.defpath, **changed}
    if not changed and command[0] in ("gradstop", "nbgrader"):
        return run_command(command, course, environment)
    return subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def nbgrader(course: Path, *command: str) -> None:
    done = run(course, "nbgrader", *command)
    assert done.returncode == 0, done.stderr


def scores(course: Path, student: str, assignment: str = "03-detach") -> dict[str, float]:
    """Read a student's scores from the gradebook."""
    return all_scores(course, assignment)[student]


def all_scores(course: Path, assignment: str = "03-detach") -> dict[str, dict[str, float]]:
    """Read all scores from the gradebook by student, in a process that may warn as nbgrader does."""
    code = (
        "import json; from nbgrader.api import Gradebook\n"
        f"with Gradebook('sqlite:///{course}/grading/gradebook.db') as book:\n"
        "    def marks(s): return {grade.name[6:]: grade.score for one in s.notebooks for grade in one.grades}\n"
        f"    found = book.assignment_submissions('{assignment}')\n"
        "    print(json.dumps({s.student_id: marks(s) for s in found}))\n"
    )
    done = run_command(["python", "-c", code], course, dict(os.environ))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
