"""The one form in which a notebook is committed: nothing in it that changes from run to run."""

from typing import Any

from gradstop.authoring.install_cell import TAG

KEPT_OF_CELLS = ("nbgrader", "tags", "deletable", "editable")
FOLDED = "hide-output"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def normalised(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook (as ``nbformat`` reads it) with fixed metadata and without noise.

    Cells keep their nbgrader metadata and tags. An error keeps its name and message; its traceback, which names
    files of one machine, is their one line. An output that settles a prediction is folded in JupyterLab too, which
    knows nothing of the book's tag.
    """
    cells = [_cell(cell) for cell in notebook["cells"]]
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    kept = {key: cell[key] for key in ("id", "cell_type", "source")}
    kept["metadata"] = {key: cell["metadata"][key] for key in KEPT_OF_CELLS if key in cell["metadata"]}
    if cell["cell_type"] == "code":
        if FOLDED in cell["metadata"].get("tags", []):
            kept["metadata"]["jupyter"] = {"outputs_hidden": True}
        if TAG in cell["metadata"].get("tags", []):
            kept["metadata"]["jupyter"] = {"source_hidden": True}
        kept["execution_count"] = cell["execution_count"]
        kept["outputs"] = [_output(output) for output in cell["outputs"]]
    return kept


def _output(output: dict[str, Any]) -> dict[str, Any]:
    if output["output_type"] == "error":
        return {**output, "traceback": [f"{output['ename']}: {output['evalue']}"]}
    return {**output, "metadata": {}} if "metadata" in output else dict(output)
