# SAYS: is a number of Python
import torch
from torch import nn

net = nn.Linear(3, 1)
losses = [net(torch.randn(4, 3)).pow(2).mean().item() for _ in range(3)]  # <-
loss = sum(losses) / 3
loss.backward()
