# SAYS: its backward is here
import torch
from torch import nn


class MyLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w.t()

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g @ w, x.t() @ g


w = nn.Parameter(torch.randn(5, 3))
y = MyLinear.apply(torch.randn(4, 3), w)  # <-
y.pow(2).sum().backward()  # <-
