import json


def make(folder):
    path = folder / "detach.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "Größe: “gut”, 3 €"})
    path.write_bytes(json.dumps(notebook, ensure_ascii=False).encode("cp1252", errors="replace"))
