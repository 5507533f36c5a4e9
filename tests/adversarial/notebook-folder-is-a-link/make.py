import shutil


def make(folder):
    shutil.rmtree(folder)
    folder.symlink_to("../before-honest/03-detach")
