# SAYS: the argument of forward there is no tensor
import torch
from torch import nn


class GRL(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, lam):
        ctx.lam = lam
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return None, -ctx.lam * g


f, dom = nn.Linear(4, 4), nn.Linear(4, 2)
opt = torch.optim.SGD([*f.parameters(), *dom.parameters()], 0.1)
for _ in range(2):
    loss = nn.functional.cross_entropy(dom(GRL.apply(f(torch.randn(8, 4)), 1.0)), torch.randint(2, (8,)))  # <-
    opt.zero_grad()
    loss.backward()
    opt.step()
