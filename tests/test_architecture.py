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


HEAVY = ["gradstop.grading", "gradstop.authoring", "gradstop.kernels", "gradstop.sandbox"]
HEAVY += ["nbgrader", "nbconvert", "nbformat", "matplotlib", "sphinx"]
LEARNERS = ["check", "draw", "describe", "memory_profile", "step_through", "table"]
COMMANDS = ["command", "batch", "report_command", "export", "explain", "execute", "release"]


@pytest.mark.parametrize(
    ("module", "names", "heavy"),
    [("gradstop", LEARNERS, HEAVY), ("gradstop.grading", COMMANDS, ["torch"])],
    ids=["a learner's import is light", "a command does not wait for torch"],
)
def test_what_is_loaded(module, names, heavy):
    """A learner needs no grader; commands begin, and those that run nothing end, without the import of torch."""
    code = f"import sys\nfor name in {names}:\n  exec(f'from {module} import {{name}}')\n"
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
                        "gradstop.kernels",
                    )
                ), f"{path.name}:{node.lineno} imports {node.module}"
