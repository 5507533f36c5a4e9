# SAYS: each forward makes a new one
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 2, 3)

    def forward(self, x):
        h = self.conv(x).flatten(1)
        fc = nn.Linear(h.shape[1], 2)  # <-
        return fc(torch.relu(h))


net = Net()
opt = torch.optim.Adam(net.parameters())
for _ in range(4):
    loss = nn.functional.cross_entropy(net(torch.randn(3, 1, 8)), torch.randint(0, 2, (3,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
