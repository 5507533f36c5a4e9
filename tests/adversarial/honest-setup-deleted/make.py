from support.threats import edit


def make(folder):
    for notebook in edit(folder):
        for cell in list(notebook["cells"]):
            mark = cell["metadata"].get("nbgrader", {})
            if mark.get("grade_id") == "setup":
                notebook["cells"].remove(cell)
            elif mark.get("solution"):
                cell["source"] = "import numpy\nimport torch\n" + "".join(cell["source"])
