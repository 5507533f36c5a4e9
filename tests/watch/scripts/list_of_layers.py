import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(3, 4)
        self.blocks = [nn.Linear(4, 4) for _ in range(2)]  # <-
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        h = self.inp(x)
        for b in self.blocks:
            h = b(h).relu()
        return self.out(h)


net = Net()
opt = torch.optim.Adam(net.parameters())  # <-
for _ in range(3):
    loss = net(torch.randn(6, 3)).square().mean()
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()
