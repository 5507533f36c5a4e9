from support.threats import code, edit


def make(folder):
    for notebook in edit(folder):
        notebook["cells"] += [code("1") for _ in range(20_000)]
