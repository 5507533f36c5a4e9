"""Every package that a file imports is declared in pyproject.toml, with a range, for the part that the file is of.

What another package brings along today it may leave out tomorrow.
"""

import ast
import json
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.course import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
# Each part and the extra that it may need; "" is what a learner installs. The longest name that fits a file decides.
PARTS = {
    "gradstop": "",
    "gradstop/authoring": "authoring",
    "gradstop/doctor.py": "grading",
    "gradstop/grading": "grading",
    "gradstop/grading/executors.py": "cluster",
    "gradstop/kernels": "kernels",
    "gradstop/sandbox": "grading",
    "book": "",
    "book/_ext": "book",
    "exercises": "",
    "solutions": "",
    "nbgrader_config.py": "grading",
    "benchmarks": "dev",
    "tests": "dev",
}
OURS = {"gradstop", "support", *(path.stem for top in ("tests", "book/_ext") for path in (ROOT / top).rglob("*.py"))}
DISTRIBUTIONS = packages_distributions()


def files(part):
    """Return the Python files and notebooks of a part that are in no smaller part."""
    smaller = [ROOT / name for name in PARTS if name.startswith(f"{part}/")]
    found = [ROOT / part] if part.endswith(".py") else sorted((ROOT / part).rglob("*"))
    return [
        path
        for path in found
        if path.suffix in (".py", ".ipynb")
        and ".ipynb_checkpoints" not in path.parts
        and not any(path.is_relative_to(folder) for folder in smaller)
    ]


def sources(path):
    """Yield the Python of a file; of a notebook, that of each cell, its magics as IPython rewrites them."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield text
    else:
        for cell in json.loads(text)["cells"]:
            if cell["cell_type"] == "code":
                yield TransformerManager().transform_cell("".join(cell["source"]))


def imported(source):
    """Return the packages that a text imports, but for the standard library's and our own."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
    return {name.split(".")[0] for name in names} - sys.stdlib_module_names - OURS


def declared(extra):
    """Return the distributions that an installation with this extra asks for by name."""
    names = set()
    for line in [*PROJECT["dependencies"], *EXTRAS.get(extra, [])]:
        requirement = Requirement(line)
        if requirement.name == PROJECT["name"]:
            names |= set().union(*map(declared, requirement.extras))
        else:
            names.add(canonicalize_name(requirement.name))
    return names


def undeclared(source, names):
    """Return the packages that a text imports and no distribution among these names brings."""
    return {
        package
        for package in imported(source)
        if names.isdisjoint(canonicalize_name(one) for one in DISTRIBUTIONS.get(package, [package]))
    }


def beside(path):
    """Return the modules that lie beside a file, or in a ``site-packages`` there, as the watch's projects have them."""
    return {module.stem for folder in (path.parent, path.parent / "site-packages") for module in folder.glob("*")}


@pytest.mark.parametrize(("part", "extra"), PARTS.items(), ids=PARTS)
def test_what_is_imported_is_declared(part, extra):
    names, found = declared(extra), files(part)
    assert found, f"{part} holds no file: take it out of PARTS"
    where = f"the extra {extra!r}" if extra else "the main dependencies"
    missing = [
        f"{path.relative_to(ROOT)} imports {package}, which is not in {where} of pyproject.toml"
        for path in found
        for package in sorted(set().union(*(undeclared(source, names) for source in sources(path))) - beside(path))
    ]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("line", [line for lines in [PROJECT["dependencies"], *EXTRAS.values()] for line in lines])
def test_what_is_declared_has_a_range(line):
    requirement = Requirement(line)
    assert requirement.specifier or requirement.name == PROJECT["name"]


def test_an_undeclared_import_is_found():
    source = "import os, torch.nn, nowhere\nfrom yaml import safe_load\nfrom . import near\nfrom conftest import ROOT"
    assert undeclared(source, declared("")) == {"yaml", "nowhere"}
    assert undeclared(source, declared("authoring")) == {"nowhere"}
