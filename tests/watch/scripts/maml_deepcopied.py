# SAYS: deepcopy: leaves of its own
import copy

import torch
from torch import nn

meta = nn.Linear(3, 1)
meta_opt = torch.optim.Adam(meta.parameters())
for task in range(3):
    fast = copy.deepcopy(meta)  # <-
    inner = torch.optim.SGD(fast.parameters(), 0.1)
    x, y = torch.randn(5, 3), torch.randn(5, 1)
    for _ in range(2):
        inner.zero_grad()
        (fast(x) - y).pow(2).mean().backward()
        inner.step()
    q = (fast(torch.randn(5, 3)) - 1).pow(2).mean()
    meta_opt.zero_grad()
    q.backward()
    meta_opt.step()
