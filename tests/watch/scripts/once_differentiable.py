# SAYS: may be differentiated once only
import torch
from torch import nn
from torch.autograd.function import once_differentiable


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return g * (s + x * s * (1 - s))


D = nn.Linear(3, 1)
x = torch.randn(4, 3, requires_grad=True)
out = D(Swish.apply(x)).pow(2)  # <-
(g,) = torch.autograd.grad(out.sum(), x, create_graph=True)
((g.norm(dim=1) - 1) ** 2).mean().backward()  # <-
