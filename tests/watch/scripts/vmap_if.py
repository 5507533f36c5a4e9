# SAYS: torch.where
import torch
from torch.func import vmap


def relu_ish(x):
    if x.sum() > 0:  # <-
        return x
    return 0 * x


vmap(relu_ish)(torch.randn(4, 3))
