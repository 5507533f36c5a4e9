import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(3, 4)
        self.head = None

    def forward(self, x):
        h = self.body(x).tanh()
        if self.head is None:
            self.head = nn.Linear(h.shape[1], 2)
        return self.head(h)


net = Net()
net(torch.randn(1, 3))
opt = torch.optim.Adam(net.parameters())
for _ in range(3):
    loss = nn.functional.cross_entropy(net(torch.randn(5, 3)), torch.randint(0, 2, (5,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
