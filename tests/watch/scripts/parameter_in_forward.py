import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        h = nn.Parameter(self.a(x))  # <-
        return self.b(h)


net = Net()
opt = torch.optim.Adam(net.parameters())
for _ in range(3):
    loss = net(torch.randn(4, 3)).abs().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
