import torch
from torch import nn


class Lion(torch.optim.Optimizer):
    def __init__(self, ps, lr=1e-3, b=0.9):
        super().__init__(ps, {"lr": lr, "b": b})

    def step(self, closure=None):
        for g in self.param_groups:
            for p in g["params"]:
                if p.grad is None:
                    continue
                s = self.state[p]
                m = s.setdefault("m", torch.zeros_like(p.data))
                m.mul_(g["b"]).add_(p.grad.data, alpha=1 - g["b"])
                p.data.add_(m.sign(), alpha=-g["lr"])


net = nn.Linear(4, 1)
opt = Lion(net.parameters())
for _ in range(4):
    loss = net(torch.randn(8, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
