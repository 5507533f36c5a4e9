import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 64), nn.Tanh(), nn.Linear(64, 1))
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(6):
    h = net[:2](torch.randn(4, 3))
    net[2].weight.register_hook(lambda g, h=h: g + 0 * h.mean())  # <-
    loss = net[2](h).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
# SAYS: Memory grows
