def make(folder):
    (folder / "detach.ipynb").rename(folder / "detach \x1b[2J\x1b]0;x\x07\r\n(1).ipynb")
    for number in range(2000):
        (folder / f"copy-{number}.ipynb").touch()
