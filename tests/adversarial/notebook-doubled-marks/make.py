from support.threats import code, edit


def make(folder):
    for notebook in edit(folder):
        notebook["cells"] += [
            code("def stop(x):\n    return -x", "stop"),
            code("5.0", "check-stop"),
            code("4.0", "check-stop"),
        ]
