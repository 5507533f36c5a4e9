import copy

import torch
import torch.nn.functional as F
from torch import nn


class MoCo(nn.Module):
    def __init__(self):
        super().__init__()
        self.q = nn.Linear(6, 4)
        self.k = copy.deepcopy(self.q).requires_grad_(False)
        self.register_buffer("queue", F.normalize(torch.randn(4, 16), dim=0))
        self.ptr = 0

    @torch.no_grad()
    def push(self, k):
        self.queue[:, self.ptr : self.ptr + k.shape[0]] = k.t()
        self.ptr = (self.ptr + k.shape[0]) % 16

    @torch.no_grad()
    def momentum(self):
        for a, b in zip(self.k.parameters(), self.q.parameters()):
            a.data = a.data * 0.99 + b.data * 0.01

    def forward(self, a, b):
        q = F.normalize(self.q(a), dim=1)
        with torch.no_grad():
            self.momentum()
            k = F.normalize(self.k(b), dim=1)
        pos = (q * k).sum(1, keepdim=True)
        neg = q @ self.queue.clone().detach()
        logits = torch.cat([pos, neg], 1) / 0.1
        self.push(k)
        return F.cross_entropy(logits, torch.zeros(len(a), dtype=torch.long))


m = MoCo()
opt = torch.optim.SGD(m.q.parameters(), 0.1)
for _ in range(6):
    x = torch.randn(4, 6)
    loss = m(x, x + 0.1)
    opt.zero_grad()
    loss.backward()
    opt.step()
