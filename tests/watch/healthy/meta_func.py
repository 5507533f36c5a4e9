import torch
from torch import nn
from torch.func import functional_call, grad, vmap

net = nn.Linear(3, 1)
opt = torch.optim.Adam(net.parameters())


def loss_of(p, x, y):
    return (functional_call(net, p, (x,)) - y).square().mean()


for _ in range(3):
    p = dict(net.named_parameters())
    x, y = torch.randn(2, 5, 3), torch.randn(2, 5, 1)

    def task(x, y):
        g = grad(loss_of)(p, x, y)
        q = {k: v - 0.1 * g[k] for k, v in p.items()}
        return loss_of(q, x, y)

    loss = vmap(task)(x, y).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
