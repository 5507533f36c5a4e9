NAMES = (
    "torch random json numpy os gradstop check inspect types socket select enum re ast IPython matplotlib psutil abc"
)


def make(folder):
    for name in NAMES.split():
        (folder / f"{name}.py").write_text("raise RuntimeError('this is not the module')\n")
    (folder / "sitecustomize.py").write_text("raise SystemExit\n")
    (folder / "conftest.py").write_text("raise SystemExit\n")
