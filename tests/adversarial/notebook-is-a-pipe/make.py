import os


def make(folder):
    (folder / "detach.ipynb").unlink()
    os.mkfifo(folder / "detach.ipynb")
