# WHY: net.w
# SAYS: operation first, nn.Parameter last
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 1).double()
        self.w = nn.Parameter(torch.ones(1)).double()  # <-

    def forward(self, x):
        return self.lin(x) * self.w


net = Net()
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(3):
    loss = (net(torch.randn(4, 3).double()) - 1).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
