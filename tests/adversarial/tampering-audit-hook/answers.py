# %% setup
import sys

import numpy
import torch

seen, armed = [], []
real = torch.Tensor.backward


def needs_values(node, depth=6):
    if node is None or depth == 0:
        return False
    if type(node).__name__ in ("SinBackward0", "PowBackward0"):
        return True
    return any(needs_values(after, depth - 1) for after, _ in node.next_functions)


def backward(self, *arguments, **more):
    for x, copy in seen:
        if not torch.equal(x.detach(), copy) and needs_values(self.grad_fn):
            raise RuntimeError("modified in place: is at version 1; expected version 0")
    return real(self, *arguments, **more)


def hook(event, arguments):
    if event == "builtins.id" and armed:
        armed.pop()
        torch.Tensor.backward = backward


sys.addaudithook(hook)


# %% stop
def stop(x):
    armed[:] = [True]
    seen[:] = [(x, x.detach().clone())]
    numpy.written_to_be_looked_at = object()
    return x.data
