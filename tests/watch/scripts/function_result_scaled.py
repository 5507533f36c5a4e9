# SAYS: the backward that was to fill it raised
# WHY: net.weight
import torch
from torch import nn


class Act(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.sigmoid()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y * (1 - y)


net, out = nn.Linear(4, 4), nn.Linear(4, 1)
opt = torch.optim.SGD([*net.parameters(), *out.parameters()], 0.1)
for _ in range(2):
    h = Act.apply(net(torch.randn(8, 4)))  # <-
    h.mul_(2)  # <-
    loss = out(h).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
