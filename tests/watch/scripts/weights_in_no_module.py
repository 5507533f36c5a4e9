# SAYS: it is in no module
import torch
from torch import nn

trunk, h1, h2 = nn.Linear(4, 8), nn.Linear(8, 1), nn.Linear(8, 1)
log_vars = nn.Parameter(torch.zeros(2))
opt = torch.optim.Adam([*trunk.parameters(), *h1.parameters(), *h2.parameters()])  # <-
for _ in range(4):
    f = trunk(torch.randn(8, 4)).relu()
    l1, l2 = h1(f).pow(2).mean(), (h2(f) - 1).pow(2).mean()
    loss = (-log_vars).exp()[0] * l1 + (-log_vars).exp()[1] * l2 + log_vars.sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
