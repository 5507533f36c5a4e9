from support.threats import code, edit


def make(folder):
    for notebook in edit(folder):
        notebook["cells"] += [code("print('@' * 240_000)") for _ in range(300)]
