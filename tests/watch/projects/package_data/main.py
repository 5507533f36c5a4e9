# SAYS: site-packages/fastnorm/__init__.py:
import torch
from fastnorm import FastNorm
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.norm, self.b = nn.Linear(5, 7), FastNorm(7), nn.Linear(7, 2)

    def forward(self, x):
        h = self.a(x)
        h = self.norm(h)  # <-
        return self.b(h)


net = Net()
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(4):
    loss = net(torch.randn(6, 5)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
