def make(folder):
    path = folder / "detach.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
