import torch
from torch import nn
from torch.func import functional_call, grad

net = nn.Linear(3, 1)
params = dict(net.named_parameters())


def loss_fn(params, x, y):
    pred = functional_call(net, params, x)
    pred = pred.detach()  # <-
    return ((pred - y) ** 2).mean()


x, y = torch.randn(5, 3), torch.randn(5, 1)
for _ in range(3):
    g = grad(loss_fn)(params, x, y)
    params = {k: v - 0.1 * g[k] for k, v in params.items()}
# SAYS: torch.func took the gradient of a constant
