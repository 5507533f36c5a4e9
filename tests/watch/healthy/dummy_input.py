import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 1)
        self.dummy = torch.ones(1, requires_grad=True)

    def _a(self, x, dummy):
        return self.a(x).relu()

    def forward(self, x):
        return self.b(checkpoint(self._a, x, self.dummy, use_reentrant=True))


net = Net()
opt = torch.optim.Adam(net.parameters())
for _ in range(3):
    loss = net(torch.randn(8, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
