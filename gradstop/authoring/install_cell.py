"""The first cell of a notebook that needs gradstop: installs it where it is missing, as in Colab and Kaggle.

Pages show it nowhere, and JupyterLab folds it.
"""

import re
from copy import deepcopy

import nbformat
from nbformat.v4 import new_code_cell

ID, TAG = "install", "remove-cell"
# pip takes no other torch than the one that is there: pyproject.toml names no upper bound.
SOURCE = """# Where gradstop is missing, as in Colab or Kaggle, this installs it.
import importlib.util

if importlib.util.find_spec("gradstop") is None:
    %pip install --quiet gradstop"""


def ensure_install_cell(notebook: nbformat.NotebookNode) -> bool:
    """Put the cell before the first one with code, or bring the one that is there up to date; return if it changed."""
    before = deepcopy(notebook.cells)
    cells = [cell for cell in notebook.cells if cell.get("id") != ID]
    codes = [i for i, cell in enumerate(cells) if cell.cell_type == "code"]
    if any(re.search(r"^\s*(from|import) gradstop\b", cells[i].source, re.MULTILINE) for i in codes):
        there = next((cell for cell in notebook.cells if cell.get("id") == ID), new_code_cell(id=ID))
        there.source, there.metadata["tags"] = SOURCE, [TAG]
        cells.insert(codes[0], there)
    notebook.cells = cells
    return bool(before != cells)
