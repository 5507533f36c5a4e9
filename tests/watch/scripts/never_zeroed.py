import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
data = [(torch.randn(8, 4), torch.randn(8)) for _ in range(3)]
for epoch in range(2):
    for x, y in data:
        loss = (net(x)[:, 0] - y).pow(2).mean()
        loss.backward()  # <-
        opt.step()  # <-
# SAYS: is never cleared: each step uses again those of the rounds before
