from support.threats import edit


def make(folder):
    for notebook in edit(folder):
        checks = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade")]
        checks[0]["source"] = ""
        checks[1]["cell_type"] = "markdown"
        checks[2]["source"] = "raise KeyboardInterrupt"
        checks[3]["metadata"]["nbgrader"].update(locked=False, points=0, grade=False)
        checks[4]["metadata"]["tags"] = ["skip-execution", "remove-cell"]
        notebook["cells"] = [*checks, *(c for c in notebook["cells"] if c not in checks)]
