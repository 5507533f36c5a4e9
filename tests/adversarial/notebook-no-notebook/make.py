def make(folder):
    (folder / "detach.ipynb").write_text('{"cells": [1, null, "x", []], "metadata": 3, "nbformat": "four"}')
