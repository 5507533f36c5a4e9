# SAYS: compiled Net: the history ends in it
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 1)

    def forward(self, x):
        h = torch.relu(self.a(x)).detach()
        return self.b(h)


net = torch.compile(Net(), backend="eager")
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(3):
    loss = net(torch.randn(5, 4)).pow(2).mean()  # <-
    opt.zero_grad()
    loss.backward()
    opt.step()
