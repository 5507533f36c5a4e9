import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(3, 4)
        self.proj = None

    def forward(self, x):
        h = self.inp(x).relu()
        if self.proj is None:
            self.proj = nn.Linear(h.shape[1], 1)  # <-
        return self.proj(h)


net = Net()
opt = torch.optim.Adam(net.parameters())  # <-
for _ in range(3):
    loss = net(torch.randn(6, 3)).square().mean()
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()
