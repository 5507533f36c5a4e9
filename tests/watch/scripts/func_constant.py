# SAYS: took the gradient of a constant
import torch
from torch import nn
from torch.func import functional_call, grad

net = nn.Linear(3, 2)
params = {k: v.detach() for k, v in net.named_parameters()}
x, y = torch.randn(4, 3), torch.randn(4, 2)


def loss_fn(params, x, y):
    out = functional_call(net, params, (x,))
    scale = out.detach().abs().mean()  # fine
    err = (out - y).square().mean()
    return torch.tensor(err.detach().sum() * 1.0) * scale  # <-


g = grad(loss_fn)(params, x, y)
print({k: v.abs().sum() for k, v in g.items()})
