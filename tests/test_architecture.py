"""Imports between the packages run one way, and a learner's import stays light."""

import ast
import re
import subprocess
import sys

import pytest
from support.adapters import ADAPTERS, is_private
from support.course import ROOT

# Each package and what it may import. What is not listed imports nothing of the rest.
PACKAGES = {
    "internals": set(),
    "record": set(),
    "logs": {"course"},
    "graph": {"internals"},
    "watch": {"graph", "internals"},
    "drawing": {"graph", "internals"},
    "programs": {"drawing", "graph", "internals"},
    "observe": {"graph", "record", "internals"},
    "compare": {"record"},
    "course": set(),
    "reference_file": {"record", "compare", "course"},
    "checking": {"compare", "observe", "course", "reference_file"},
    "forkserver": {"internals"},
    "kernels": {"forkserver", "internals"},
    "sandbox": set(),
    "grading": {
        *("record", "logs", "compare", "observe", "course", "reference_file", "forkserver", "sandbox", "internals"),
    },
    "authoring": {"record", "compare", "observe", "grading", "course", "reference_file", "programs"},
    "doctor": {"course", "grading", "kernels", "logs", "sandbox"},
    "cli": {"doctor", "logs", "checking", "grading", "authoring", "course"},
}
# The same within grading, where a module beside the packages may use all of them.
GRADING = {
    "rules": set(),
    "graded_submission": set(),
    "result_store": {"graded_submission"},
    "extensions": set(),
    "inside": set(),
    "intake": set(),
    "process": {"inside", "intake", "rules"},
    "answer_key": {"inside", "process", "rules"},
    "judging": {"answer_key", "graded_submission", "inside", "intake", "process"},
    "platforms": {"intake", "nbgrader_bridge", "result_store"},
    "collecting": {"intake", "judging", "nbgrader_bridge", "platforms", "result_store"},
}
MOST_MODULES = 9  # of a package, so that it can be taken in at a glance
ENTRIES = {ROOT / "gradstop" / name for name in ("__init__.py", "__main__.py")}  # lead to any of them
FILES = [path for path in sorted((ROOT / "gradstop").rglob("*.py")) if path not in ENTRIES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "gradstop")))
def test_imports_run_one_way(path):
    package = path.relative_to(ROOT / "gradstop").parts[0].removesuffix(".py")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            for name in names:
                if name.startswith("gradstop."):
                    assert name.split(".")[1] in PACKAGES[package] | {package}, f"{path}:{node.lineno} imports {name}"


def test_the_page_on_architecture_says_the_same():
    text = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \|.*\|([^|\n]*)\|$", text, re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", imports)) for name, imports in rows if name in PACKAGES} == PACKAGES
    assert all(f"`{name}`" in text for name in GRADING)


def test_tests_lie_where_the_code_does():
    kinds = {"support", "contracts", "adversarial", "mutants", "book", "exercises"}  # of no package of their own
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders - kinds <= PACKAGES.keys()


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


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "gradstop")))
def test_docstrings_are_of_one_style(path):
    """What a function raises stands in a section of its own; code stands between two backticks."""
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), path
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            text = ast.get_docstring(node) or ""
            assert not re.search(r"(^|[.;] )Raises\s+[A-Z]|(?<!`)`[^`\n]+`(?!`)", text), f"{path}:{node.lineno}"


HEAVY = ["gradstop.grading", "gradstop.authoring", "gradstop.kernels", "gradstop.forkserver", "gradstop.sandbox"]
HEAVY += ["nbgrader", "nbconvert", "nbformat", "matplotlib", "sphinx"]
LEARNERS = ["check", "watch", "draw", "curves", "describe", "explore", "memory_profile", "step_through", "table"]
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
                        "gradstop.internals",
                    )
                ), f"{path.name}:{node.lineno} imports {node.module}"


# What begins with an underscore, or is put in another's place, and is documented all the same.
DOCUMENTED = {
    "._exit": "os: a fork ends by it",
    "._getframe": "sys: the caller's names",
    "tqdm.monitor_interval =": "tqdm: its documented switch",
    "._render_traceback_": "IPython: what an error says is shown of it",
    "._fields": "collections.namedtuple: the underscore keeps it apart from the fields",
    "sys.stdin =": "sys: it may be replaced",
    "sys.stdout =": "sys: it may be replaced",
    "sys.stderr =": "sys: it may be replaced",
    "sys.excepthook =": "sys: it may be replaced",
    "warnings.showwarning =": "warnings: it may be replaced",
    "sys.__stdin__ =": "the process is to look fresh to what looks there",
    "sys.__stdout__ =": "the process is to look fresh to what looks there",
    "sys.__stderr__ =": "the process is to look fresh to what looks there",
}


def private_uses(tree):
    """Yield (line, text) for each private name of another package that is used, and each of its names that is replaced.

    A private name is a module's own where the module defines it: as a name, a function, a class or an attribute.
    """
    own, imported = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                own.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                own.add(name)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                own.add(name)
            case ast.Import() | ast.ImportFrom():
                ours = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gradstop")
                imported |= set() if ours else {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) if is_private(name) and name not in own:
                yield node.lineno, f".{name}"
            case ast.Attribute(ctx=ast.Store()) if (text := ast.unparse(node)).partition(".")[0] in imported:
                yield node.lineno, f"{text} ="
            case ast.Call(func=ast.Name(id="getattr" | "hasattr" | "setattr"), args=[_, ast.Constant(str(name)), *_]):
                if is_private(name):
                    yield node.lineno, f".{name}"
            case ast.Subscript(value=ast.Call(func=ast.Name(id="vars")), slice=ast.Constant(str(name))):
                if is_private(name):
                    yield node.lineno, f".{name}"
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names if any(map(is_private, alias.name.split("."))))
            case ast.ImportFrom(module=module, names=names) if not (module or "").startswith("gradstop"):
                paths = [f"{module}.{alias.name}" for alias in names]
                yield from ((node.lineno, path) for path in paths if any(map(is_private, path.split("."))))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "gradstop")))
def test_the_insides_of_another_package_are_used_in_its_adapter_alone(path):
    if str(path.relative_to(ROOT / "gradstop")) not in ADAPTERS:
        found = [(line, text) for line, text in private_uses(ast.parse(path.read_text())) if text not in DOCUMENTED]
        assert not found, f"{path}: move it to an adapter, with a test in tests/contracts, or say why not in DOCUMENTED"


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_says_which_versions_it_was_tried_with_and_has_its_contract_tests(adapter):
    said = ast.get_docstring(ast.parse((ROOT / "gradstop" / adapter).read_text()))
    assert re.search(r"Tried with .*\d\.\d", said)
    assert f"tests/contracts/{ADAPTERS[adapter]}" in said
    assert (ROOT / "tests" / "contracts" / ADAPTERS[adapter]).is_file()


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.ones(1)._version",
        "from torch import _tensor",
        "import _thread",
        "import torch._C as c",
        "from torch._C import TensorBase",
        "def f(pool):\n    return pool._processes",
        "class A(B):\n    def f(self):\n        return self._of_a_base_class",
        "getattr(node, '_raw_saved_self')",
        "vars(node)['_raw_saved_self']",
        "import nbgrader.utils\nnbgrader.utils.find_all_files = None",
    ],
)
def test_a_use_of_another_package_s_insides_is_seen(code):
    assert list(private_uses(ast.parse(code)))


def test_every_exception_is_needed():
    used = {text for path in FILES for _, text in private_uses(ast.parse(path.read_text()))}
    assert set(DOCUMENTED) <= used
