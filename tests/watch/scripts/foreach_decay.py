import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 1))
loss = net(torch.randn(4, 3)).square().mean()  # <-
with torch.no_grad():
    torch._foreach_mul_(list(net.parameters()), 0.99)  # <-
loss.backward()
