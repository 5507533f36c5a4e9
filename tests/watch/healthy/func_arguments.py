import torch
from torch.func import grad


def loss(w, b, unused):
    return (w * 2 + b).pow(2).sum()


gw, gb, gu = grad(loss, argnums=(0, 1, 2))(torch.randn(3), torch.randn(3), torch.randn(3))
print(gw, gb, gu)
