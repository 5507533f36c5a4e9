# SAYS: written by mul_
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

f = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
head = nn.Linear(3, 3)
h = head(torch.randn(4, 3))
y = checkpoint(f, h, use_reentrant=False)  # <-
h.mul_(0.5)  # <-
y.sum().backward()
