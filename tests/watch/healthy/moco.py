import copy

import torch
from torch import nn

q = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4))
k = copy.deepcopy(q).requires_grad_(False)
queue = torch.randn(4, 32)
opt = torch.optim.SGD(q.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)
ptr = 0
for _ in range(5):
    x = torch.randn(8, 6)
    a = q(x)
    with torch.no_grad():
        for p, r in zip(k.parameters(), q.parameters()):
            p.mul_(0.99).add_(r, alpha=0.01)
        b = k(x + 0.1 * torch.randn_like(x))
    logits = torch.cat([(a * b).sum(1, keepdim=True), a @ queue.clone()], 1)
    loss = nn.functional.cross_entropy(logits, torch.zeros(8, dtype=torch.long))
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        queue[:, ptr : ptr + 8] = b.t()
        ptr = (ptr + 8) % 32
