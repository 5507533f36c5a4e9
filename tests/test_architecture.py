"""Imports between the rooms run one way, and a learner's import stays light."""

import ast
import re
import subprocess
import sys

import pytest
from conftest import ROOT

# Each package and what it may import. What is not listed imports nothing of the rest.
PACKAGES = {
    "record": set(),
    "graph": set(),
    "drawing": {"graph"},
    "observe": {"graph", "record"},
    "compare": {"record"},
    "course": set(),
    "reference_file": {"record", "compare", "course"},
    "checking": {"compare", "observe", "course", "reference_file"},
    "forkserver": set(),
    "kernels": {"forkserver"},
    "sandbox": set(),
    "grading": {"record", "compare", "observe", "course", "reference_file", "forkserver", "sandbox"},
    "authoring": {"record", "compare", "observe", "grading", "course", "reference_file"},
    "cli": {"checking", "grading", "authoring", "course"},
}
# The same within grading, where a module beside the packages may use all of them.
GRADING = {
    "rules": set(),
    "graded_submission": set(),
    "result_store": {"graded_submission"},
    "inside": set(),
    "intake": set(),
    "process": {"inside", "intake", "rules"},
    "answer_key": {"inside", "process", "rules"},
    "judging": {"answer_key", "graded_submission", "inside", "intake", "process"},
}
MOST_MODULES = 9  # of a package, so that it can be taken in at a glance
FILES = [path for path in sorted((ROOT / "gradstop").rglob("*.py")) if path != ROOT / "gradstop" / "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "gradstop")))
def test_imports_run_one_way(path):
    package = path.relative_to(ROOT / "gradstop").parts[0].removesuffix(".py")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            for name in names:
                if name.startswith("gradstop."):
                    assert name.split(".")[1] in PACKAGES[package] | {package}, f"{path}:{node.lineno} imports {name}"


@pytest.mark.parametrize("name", GRADING)
def test_imports_within_grading_run_one_way(name):
    top = ROOT / "gradstop" / "grading"
    paths = sorted((top / name).glob("*.py")) or [top / f"{name}.py"]
    for path in paths:
        found = set(re.findall(r"(?:from|import) gradstop\.grading\.(\w+)", path.read_text()))
        assert found <= GRADING[name] | {name}, path


def test_a_package_of_grading_can_be_taken_in_at_a_glance():
    top = ROOT / "gradstop" / "grading"
    for package in (top, *(path for path in top.iterdir() if path.is_dir() and path.name != "__pycache__")):
        modules = [path for path in package.glob("*.py") if path.name != "__init__.py"]
        assert len(modules) <= MOST_MODULES, package


HEAVY = ["gradstop.grading", "gradstop.authoring", "gradstop.kernels", "gradstop.forkserver", "gradstop.sandbox"]
HEAVY += ["nbgrader", "nbconvert", "nbformat", "matplotlib", "sphinx"]
LEARNERS = ["check", "draw", "describe", "memory_profile", "step_through", "table"]
COMMANDS = ["command", "batch", "reporting.report_command", "reporting.export", "reporting.explain"]
COMMANDS += ["nbgrader_bridge.execute", "nbgrader_bridge.release"]


@pytest.mark.parametrize(
    ("load", "names", "heavy"),
    [("from gradstop import {name}", LEARNERS, HEAVY), ("import gradstop.grading.{name}", COMMANDS, ["torch"])],
    ids=["a learner's import is light", "a command does not wait for torch"],
)
def test_what_is_loaded(load, names, heavy):
    """A learner needs no grader; commands begin, and those that run nothing end, without the import of torch."""
    code = f"import sys\nfor name in {names}:\n  exec('{load}'.format(name=name))\n"
    code += f"  assert not {{*sys.modules}}.intersection({heavy}), name"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unknown_name_is_an_ordinary_error():
    import gradstop

    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        _ = gradstop.chekc


def test_what_runs_beside_a_submission_imports_nothing_of_the_judge():
    inside = ROOT / "gradstop" / "grading" / "inside"
    for path in inside.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gradstop."):
                assert node.module.startswith(
                    (
                        "gradstop.grading.inside",
                        "gradstop.observe",
                        "gradstop.record",
                        "gradstop.sandbox",
                        "gradstop.forkserver",
                    )
                ), f"{path.name}:{node.lineno} imports {node.module}"
