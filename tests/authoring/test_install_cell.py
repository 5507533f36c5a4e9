"""A notebook that needs gradstop installs it where it is missing, and is left alone where it is there."""

import re
import sys

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from support.course import ROOT

from gradstop.authoring.install_cell import ID, SOURCE, ensure_install_cell

NOTEBOOKS = [*sorted(ROOT.glob("book/[01]*.ipynb")), *sorted(ROOT.glob("exercises/*/*.ipynb"))]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_chapter_and_exercise_begins_with_it(path):
    codes = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    needs = any(re.search("^(from|import) gradstop", cell.source, re.MULTILINE) for cell in codes)
    assert (codes[0].source == SOURCE) == needs, "make refresh puts it there"
    assert [cell for cell in codes[1:] if cell.get("id") == ID] == []


def test_it_is_put_before_the_first_code_once_and_renewed():
    cells = [
        new_markdown_cell("# A"),
        new_code_cell("import torch\nfrom gradstop import draw"),
        new_code_cell("draw()"),
    ]
    notebook = new_notebook(cells=cells)
    for _ in range(2):
        ensure_install_cell(notebook)
        assert [cell.get("id") == ID for cell in notebook.cells] == [False, True, False, False]
        notebook.cells[1].source = "older"
    plain = new_notebook(cells=[new_code_cell("import torch")])
    ensure_install_cell(plain)
    assert len(plain.cells) == 1


@pytest.mark.parametrize(("is_there", "said"), [(True, []), (False, ["install --quiet gradstop"])])
def test_it_installs_only_where_gradstop_is_missing(monkeypatch, is_there, said):
    shell, asked = InteractiveShell(), []
    shell.register_magic_function(asked.append, magic_name="pip")
    if not is_there:
        monkeypatch.delitem(sys.modules, "gradstop")
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert shell.run_cell(SOURCE).success
    assert asked == said
