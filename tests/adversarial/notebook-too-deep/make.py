def make(folder):
    (folder / "detach.ipynb").write_text("[" * 200_000)
