def make(folder):
    (folder / "detach.ipynb").unlink()
    (folder / "detach.ipynb").symlink_to("../../before-honest/03-detach/detach.ipynb")
