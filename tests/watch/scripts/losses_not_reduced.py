# SAYS: more than one number
import torch
from torch import nn

net = nn.Linear(3, 2)
loss = nn.functional.cross_entropy(net(torch.randn(4, 3)), torch.tensor([0, 1, 1, 0]), reduction="none")  # <-
loss.backward()  # <-
