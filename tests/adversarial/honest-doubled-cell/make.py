import copy

from support.threats import edit


def make(folder):
    for notebook in edit(folder):
        cells = notebook["cells"]
        for mark in ("stop", "check-stop", "setup"):
            (number,) = [
                i for i, cell in enumerate(cells) if cell["metadata"].get("nbgrader", {}).get("grade_id") == mark
            ]
            cells.insert(number, copy.deepcopy(cells[number]))
