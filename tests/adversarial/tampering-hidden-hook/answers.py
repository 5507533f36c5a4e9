# %% setup
from collections import OrderedDict


class Empty(OrderedDict):
    """Says that it is empty, and holds a hook."""

    def __bool__(self):
        return False

    def __iter__(self):
        return iter(())


# %% stop
def stop(x):
    hidden = Empty(x._backward_hooks or {})
    hidden[-1] = lambda gradient: None
    x._backward_hooks = hidden
    return x.detach()
