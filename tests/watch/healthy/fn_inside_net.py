import torch
from torch import nn


class Inner(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        with torch.enable_grad():
            probe = x.detach().requires_grad_()
            (probe * 2).sum()
        return x @ w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g @ w.t(), x.t() @ g


w = nn.Parameter(torch.randn(3, 2))
head = nn.Linear(2, 1)
opt = torch.optim.SGD([w, *head.parameters()], 0.1)
for _ in range(3):
    opt.zero_grad()
    head(Inner.apply(torch.randn(4, 3), w)).square().mean().backward()
    opt.step()
