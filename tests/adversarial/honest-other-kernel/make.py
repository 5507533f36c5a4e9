from support.threats import edit


def make(folder):
    for notebook in edit(folder):
        notebook["metadata"]["kernelspec"] = {"name": "my-env", "display_name": "My env", "language": "julia"}
        notebook["metadata"]["language_info"] = {"name": "julia"}
        notebook["nbformat_minor"] = 99
