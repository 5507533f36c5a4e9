import copy

import torch
from torch import nn

meta = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
opt = torch.optim.Adam(meta.parameters())
for task in range(4):
    fast = copy.deepcopy(meta)
    inner = torch.optim.SGD(fast.parameters(), 0.1)
    for _ in range(3):
        inner.zero_grad()
        (fast(torch.randn(5, 3)) - 1).pow(2).mean().backward()
        inner.step()
    opt.zero_grad()
    for p, f in zip(meta.parameters(), fast.parameters()):
        p.grad = (p - f).detach()
    opt.step()
