# SAYS: write into the one that the optimizer has
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 1)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.lin(x) * self.scale


net = Net()
opt = torch.optim.SGD(net.parameters(), 0.1)  # <-
for _ in range(4):
    loss = (net(torch.randn(4, 3)) - 1).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    net.scale = nn.Parameter(net.scale.clamp(0.0, 1.0))  # <-
