# %% scale_grad
import torch


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, a):
        ctx.a = a
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.a, None


def scale_grad(x, a):
    return Scale.apply(x, a)
