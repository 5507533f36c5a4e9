"""What an adapter names of a package is there.

No adapter is loaded here: it could not be where one of its names is gone. Nor could conftest.py, so that a run which
ends with an error there is repeated with `pytest --noconftest` and this file.
"""

import ast
import pkgutil
from pathlib import Path

import pytest
from support.adapters import ADAPTERS, is_private

PACKAGE = Path(__file__).resolve().parents[2] / "gradstop"


def names_in(tree):
    """Return the dotted path of each private name of another package, and of each name that is replaced."""
    paths, found = {}, set()

    def path_of(node):
        match node:
            case ast.Name(id=name):
                return paths.get(name)
            case ast.Attribute(value=value, attr=name):
                return (before := path_of(value)) and f"{before}.{name}"
            case ast.Subscript(value=ast.Call(func=ast.Name(id="vars"), args=[module]), slice=ast.Constant(str(name))):
                return (before := path_of(module)) and f"{before}.{name}"
            case ast.Call(func=ast.Name(id="getter" | "method"), args=[ast.Constant(str(name))]):
                return f"{paths['TensorBase']}.{name}"

    for node in ast.walk(tree):  # breadth first: the lines of a module before what they hold
        match node:
            case ast.Import(names=names):
                paths |= {(name := alias.asname or alias.name.partition(".")[0]): name for alias in names}
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=module, names=names) if not module.startswith("gradstop"):
                paths |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in names}
                found |= {f"{module}.{alias.name}" for alias in names}
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if path := path_of(value):
                paths[name] = path
    replaced = {path_of(node) for node in ast.walk(tree) if isinstance(getattr(node, "ctx", None), ast.Store)}
    found |= {path_of(node) for node in ast.walk(tree)}
    private = {path for path in found if path and any(map(is_private, path.split(".")))}
    return sorted(private | {path for path in replaced if path and "." in path})


NAMES = [(adapter, name) for adapter in ADAPTERS for name in names_in(ast.parse((PACKAGE / adapter).read_text()))]


@pytest.mark.parametrize(("adapter", "name"), NAMES)
def test_what_an_adapter_names_is_there(adapter, name):
    pkgutil.resolve_name(name)


def test_the_names_of_an_adapter_are_found():
    found = {name for _, name in NAMES}
    assert {
        "torch._C._len_torch_function_stack",
        "torch._C._autograd._saved_tensors_hooks_is_enabled",
        "torch._C.TensorBase._version",
        "torch.utils._python_dispatch._pop_mode",
        "threading._shutdown",
        "matplotlib.font_manager._get_font",
        "nbgrader.converters.base.find_all_files",
    } <= found
