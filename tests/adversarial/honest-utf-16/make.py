def make(folder):
    path = folder / "detach.ipynb"
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
