# SAYS: Quant.apply: has no derivative
# WHY: w
import torch


class Quant(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = x.round()
        ctx.mark_non_differentiable(out)
        return out

    @staticmethod
    def backward(ctx, g):
        return g


w = torch.randn(3, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
q = Quant.apply(w)  # <-
(q + b).square().sum().backward()
