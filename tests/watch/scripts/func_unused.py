# SAYS: never used what the gradient was taken by
import torch
from torch import nn
from torch.func import grad

net = nn.Linear(3, 1)
params = dict(net.named_parameters())


def loss_fn(params, x, y):
    return (net(x) - y).pow(2).mean()  # <-


x, y = torch.randn(4, 3), torch.randn(4, 1)
for _ in range(3):
    g = grad(loss_fn)(params, x, y)  # <-
    params = {k: p - 0.1 * g[k] for k, p in params.items()}
