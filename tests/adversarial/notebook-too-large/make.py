def make(folder):
    with (folder / "detach.ipynb").open("ab") as file:
        file.truncate(200_000_000)
