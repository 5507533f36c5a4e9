import shutil


def make(folder):
    shutil.copy(folder.parents[3] / "exercises" / "03-detach" / "detach.ipynb", folder)
