# SAYS: is to be written into
import torch
from torch.func import vmap


def fill(x):
    out = torch.zeros(3)
    out.add_(x)  # <-
    return out


vmap(fill)(torch.randn(4, 3))
