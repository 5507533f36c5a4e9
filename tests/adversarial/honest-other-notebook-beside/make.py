import shutil


def make(folder):
    (folder / "scratch.ipynb").write_text("{")
    shutil.copy(folder / "detach.ipynb", folder / "detach-Copy1.ipynb")
    (folder / ".ipynb_checkpoints").mkdir()
    shutil.copy(folder / "detach.ipynb", folder / ".ipynb_checkpoints" / "detach-checkpoint.ipynb")
    (folder / ".DS_Store").write_bytes(b"\0\1\2")
    (folder / "__MACOSX").mkdir()
