# SAYS: in Net.fc has not registered
import torch
from torch import nn


class Net(nn.Module):
    fc = nn.Linear(3, 4)

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        return self.out(self.fc(x).relu())


net = Net()
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(4):
    loss = net(torch.randn(8, 3)).pow(2).mean()
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()
