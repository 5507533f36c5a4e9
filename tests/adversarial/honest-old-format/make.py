import json

from support.threats import edit


def make(folder):
    for notebook in edit(folder):
        cells = notebook.pop("cells")
        old = [
            {"cell_type": "code", "language": "python", "input": "".join(c["source"]), "outputs": [], "metadata": {}}
            for c in cells
            if c["cell_type"] == "code"
        ]
        notebook.update(nbformat=3, nbformat_minor=0, worksheets=[{"cells": old, "metadata": {}}])
    json.loads((folder / "detach.ipynb").read_text())
