# %% setup
import numpy
import torch


# %% stop
def stop(x):
    return torch.zeros(3000, 3000)


# %% scale_grad
def scale_grad(x, a):
    result = []
    result.append(result)
    return result


# %% to_numpy_copy
def to_numpy_copy(t):
    return ["x" * 10_000_000, numpy.zeros(10_000_000)]
