import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
for _ in range(5):
    loss = net(torch.randn(4, 3)).square().mean()
    loss.backward(create_graph=True)  # <-
# SAYS: Memory grows
