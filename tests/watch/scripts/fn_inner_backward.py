# SAYS: detach: detach() makes a constant
import torch
from torch import nn


class Ckpt(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, fn):
        ctx.fn = fn
        ctx.save_for_backward(x)
        with torch.no_grad():
            return fn(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        x = x.detach()
        with torch.enable_grad():
            y = ctx.fn(x)
        (gx,) = torch.autograd.grad(y, x, g)  # <-
        return gx, None


a = nn.Linear(3, 3)
y = Ckpt.apply(a(torch.randn(2, 3)), torch.tanh)
y.sum().backward()
