"""Imports between the rooms run one way, and a learner's import stays light."""

import ast
import subprocess
import sys

import pytest
from conftest import ROOT

# Each room and what it may import. What is not listed imports nothing of the rest.
ROOMS = {
    "record": set(),
    "graph": set(),
    "drawing": {"graph"},
    "observe": {"graph", "record"},
    "compare": {"record"},
    "course": set(),
    "checking": {"compare", "observe", "course"},
    "kernels": set(),
    "sandbox": set(),
    "grading": {"record", "compare", "observe", "course", "kernels", "sandbox"},
    "authoring": {"record", "compare", "observe", "grading", "course"},
    "cli": {"checking", "grading", "authoring", "course"},
}
FILES = [path for path in sorted((ROOT / "gradstop").rglob("*.py")) if path != ROOT / "gradstop" / "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "gradstop")))
def test_imports_run_one_way(path):
    room = path.relative_to(ROOT / "gradstop").parts[0].removesuffix(".py")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            for name in names:
                if name.startswith("gradstop."):
                    assert name.split(".")[1] in ROOMS[room] | {room}, f"{path}:{node.lineno} imports {name}"


@pytest.mark.parametrize("name", ["check", "draw", "describe", "memory_profile", "step_through", "table"])
def test_a_learners_import_is_light(name):
    heavy = [
        "gradstop.grading",
        "gradstop.authoring",
        "gradstop.kernels",
        "gradstop.sandbox",
        "nbgrader",
        "nbconvert",
        "nbformat",
        "matplotlib",
        "sphinx",
    ]
    code = f"import sys; from gradstop import {name}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["command", "batch", "report_command", "export", "explain", "execute", "release"])
def test_what_needs_no_torch_does_not_wait_for_it(name):
    """Commands begin, and those that run nothing end, without its import: it takes longer than all else together."""
    code = f"import sys, gradstop.grading.{name}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


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
                        "gradstop.kernels",
                    )
                ), f"{path.name}:{node.lineno} imports {node.module}"
