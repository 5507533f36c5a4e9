# %% setup
import torch

library = torch.library.Library("aten", "IMPL")
library.impl("detach", lambda x: x.clone(), "CPU")


# %% stop
def stop(x):
    return x.clone()


# %% to_numpy_copy
def to_numpy_copy(t):
    return t.detach().numpy()
