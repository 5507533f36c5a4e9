from support.threats import edit


def make(folder):
    for notebook in edit(folder):
        notebook["cells"] = [c for c in notebook["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")]
