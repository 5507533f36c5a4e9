# %% stop
import os

os.abort()


def stop(x):
    return x.detach()
