"""Whole scripts, as strangers write them: one fault each, and the report names the marked lines; or no fault."""

import multiprocessing
import re
import sys
import types
from asyncio import events
from pathlib import Path

import pytest
import torch

from gradstop import watch

HERE = Path(__file__).parent
FAULTY = sorted((HERE / "scripts").glob("*.py"))
PROJECTS = sorted((HERE / "projects").glob("*/main.py"))  # of several files, and of packages that are installed
HEALTHY = sorted((HERE / "healthy").glob("*.py"))


def run(path):
    """Run a script inside a watch; return what was seen, the script's variables, and what it raised."""
    torch.manual_seed(0)
    module, error, seen = types.ModuleType("__main__"), None, watch()
    loop = events._get_running_loop()  # of the browser of other tests: a script may run one of its own
    events._set_running_loop(None)
    method = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("fork", force=True)  # from CPython 3.14 on a worker imports the script anew
    try:
        with pytest.MonkeyPatch.context() as patch, seen:
            patch.setitem(sys.modules, "__main__", module)  # what is pickled is looked up there
            exec(compile(path.read_text(), str(path), "exec"), vars(module))
    except Exception as raised:
        error = raised
    finally:
        torch.set_grad_enabled(True)
        events._set_running_loop(loop)
        multiprocessing.set_start_method(method, force=True)
    return seen, vars(module), error


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem)
def test_the_report_names_the_lines_and_says_what_to_do(path):
    look(path, [path])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.parent.name)
def test_the_line_is_named_where_it_is_in_another_file_or_package(path, monkeypatch):
    for folder in (path.parent / "site-packages", path.parent):
        monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    try:
        look(path, sorted(path.parent.rglob("*.py")))
    finally:
        for name in set(sys.modules) - before:
            if str(path.parent) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]


def look(path, files):
    """Run a program, and hold its report to the marks in its files and to the words in the first."""
    source = path.read_text()
    seen, names, error = run(path)
    text = str(seen).partition("Seen: ")[0]
    asked = re.search(r"^# WHY: (.*)$", source, re.M)
    if asked:
        text += str(seen.why(eval(asked[1], names)))
    assert error is None or text.startswith(type(error).__name__)
    marked = {
        f"{file.name}:{number}"
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if line.endswith("# <-")
    }
    assert marked
    assert marked <= {*re.findall(r"[\w-]+\.py:\d+", text)}, text
    assert all(says in text for says in [*re.findall(r"^# SAYS: (.*)$", source, re.M), "Mend: ", "Read: "]), text


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", HEALTHY, ids=lambda path: path.stem)
def test_a_healthy_script_is_accused_of_nothing(path):
    seen, _, error = run(path)
    assert error is None
    assert str(seen).startswith("No fault found."), str(seen)
    assert path.stem == "probe_unfrozen" or not seen.perhaps, str(seen)
