import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 3)
        self.scales = {k: nn.Parameter(torch.ones(3)) for k in "ab"}  # <-

    def forward(self, x):
        return self.lin(x) * self.scales["a"] + self.scales["b"]


net = Net()
opt = torch.optim.SGD(net.parameters(), 0.1)  # <-
for _ in range(3):
    loss = net(torch.randn(4, 3)).square().mean()
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()
# SAYS: no optimizer drives
