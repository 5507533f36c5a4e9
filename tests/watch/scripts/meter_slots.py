import torch
from torch import nn


class Meter:
    __slots__ = ("n", "total")

    def __init__(self):
        self.total, self.n = 0.0, 0

    def update(self, v):
        self.total = self.total + v  # <-
        self.n += 1


net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
m = Meter()
for _ in range(5):
    loss = net(torch.randn(4, 3)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    m.update(loss)
# SAYS: Meter
