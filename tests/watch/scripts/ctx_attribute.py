# SAYS: ctx.save_for_backward
import gc

import torch
from torch import nn

gc.disable()


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.y = torch.exp(x)
        return ctx.y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.y


net = nn.Linear(3, 3)
opt = torch.optim.SGD(net.parameters(), 0.01)
for _ in range(8):
    loss = Exp.apply(net(torch.randn(4, 3))).mean()  # <-
    opt.zero_grad()
    loss.backward()
    opt.step()
gc.enable()
