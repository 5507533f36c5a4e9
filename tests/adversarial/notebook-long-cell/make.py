from support.threats import edit


def make(folder):
    for notebook in edit(folder):
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == "stop":
                cell["source"] = "x = 1\n" * 500_000
