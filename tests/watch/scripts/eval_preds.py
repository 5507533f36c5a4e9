import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
preds = []
for _ in range(40):
    preds.append(net(torch.randn(4, 3)))  # <-
# SAYS: preds
