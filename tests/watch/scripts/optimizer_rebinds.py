# SAYS: changes none of its parameters
import torch
from torch import nn


class MySGD(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    def step(self):
        for g in self.param_groups:
            for p in g["params"]:
                p = p - g["lr"] * p.grad  # <-


net = nn.Linear(4, 1)
opt = MySGD(net.parameters(), 0.1)
for _ in range(3):
    loss = net(torch.randn(8, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
