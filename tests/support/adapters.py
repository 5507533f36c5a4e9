"""Where the insides of other packages are used; this imports nothing, for a package may lack what is used of it."""

# Each module that uses another package's insides, and the test file that says what it relies on.
ADAPTERS = {
    "internals/torch.py": "test_torch.py",
    "internals/torch_graph.py": "test_torch_graph.py",
    "internals/torch_calls.py": "test_torch_calls.py",
    "internals/cpython.py": "test_cpython.py",
    "internals/matplotlib.py": "test_matplotlib.py",
    "kernels/jupyter_clients.py": "test_jupyter_client.py",
    "grading/inside/shell.py": "test_ipython.py",
    "grading/nbgrader_bridge/patches.py": "test_nbgrader.py",
}


def is_private(name):
    return name.startswith("_") and not name.startswith("__")
