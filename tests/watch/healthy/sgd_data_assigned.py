import torch
from torch import nn


class S(torch.optim.Optimizer):
    def __init__(self, ps, lr):
        super().__init__(ps, {"lr": lr})

    @torch.no_grad()
    def step(self):
        for g in self.param_groups:
            for p in g["params"]:
                p.data = p.data - g["lr"] * p.grad


net = nn.Linear(4, 1)
opt = S(net.parameters(), 0.1)
for _ in range(4):
    loss = net(torch.randn(8, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
