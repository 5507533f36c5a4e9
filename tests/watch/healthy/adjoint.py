import torch
from torch import nn


class ODEFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, f, y, n, *ps):
        ctx.f, ctx.n = f, n
        with torch.no_grad():
            for _ in range(n):
                y = y + f(y) / n
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        f, n = ctx.f, ctx.n
        ps = list(f.parameters())
        gp = [torch.zeros_like(p) for p in ps]
        for _ in range(n):
            with torch.enable_grad():
                yy = y.detach().requires_grad_()
                d = f(yy)
            gy, *gs = torch.autograd.grad(d, [yy, *ps], g / n)
            y = y - d.detach() / n
            g = g + gy
            gp = [a + b for a, b in zip(gp, gs)]
        return None, g, None, *gp


f, head = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2)), nn.Linear(2, 1)
opt = torch.optim.Adam([*f.parameters(), *head.parameters()])
for _ in range(4):
    y = ODEFn.apply(f, torch.randn(6, 2), 4, *f.parameters())
    loss = head(y).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
