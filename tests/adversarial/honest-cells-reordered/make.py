from support.threats import edit


def make(folder):
    for notebook in edit(folder):
        answers = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
        answers[0]["cell_type"] = "raw"
        notebook["cells"] = [c for c in notebook["cells"] if c not in answers] + answers[::-1]
