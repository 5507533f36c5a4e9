# %% stop
import ctypes
import os
import sys


def stop(x):
    ctypes.string_at(0)


# %% one_path
def one_path(x, w):
    os._exit(0)


# %% to_numpy_copy
def to_numpy_copy(t):
    sys.setrecursionlimit(10**9)
    return to_numpy_copy(t)
