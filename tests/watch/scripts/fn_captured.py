# WHY: scale
# SAYS: apply()
import torch

scale = torch.ones(1, requires_grad=True)


class Mul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * scale  # <-

    @staticmethod
    def backward(ctx, g):
        return g


w = torch.randn(3, requires_grad=True)
Mul.apply(w * 2).sum().backward()
