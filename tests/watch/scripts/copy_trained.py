# SAYS: hand the gradients on
import copy

import torch
from torch import nn

net = nn.Linear(2, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(3):
    fast = copy.deepcopy(net)  # <-
    loss = (fast(torch.randn(8, 2)) - 1).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
