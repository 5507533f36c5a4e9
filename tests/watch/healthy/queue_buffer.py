import copy

import torch
import torch.nn.functional as F
from torch import nn


class MoCo(nn.Module):
    def __init__(self):
        super().__init__()
        self.q = nn.Linear(8, 4)
        self.k = copy.deepcopy(self.q).requires_grad_(False)
        self.register_buffer("queue", F.normalize(torch.randn(32, 4), dim=1))
        self.register_buffer("ptr", torch.zeros(1, dtype=torch.long))

    @torch.no_grad()
    def enqueue(self, k):
        p = int(self.ptr)
        self.queue[p : p + len(k)] = k
        self.ptr[0] = (p + len(k)) % 32

    def forward(self, a, b):
        q = F.normalize(self.q(a), dim=1)
        with torch.no_grad():
            for p, m in zip(self.q.parameters(), self.k.parameters()):
                m.data = m.data * 0.9 + p.data * 0.1
            k = F.normalize(self.k(b), dim=1)
        lg = torch.cat([(q * k).sum(1, keepdim=True), q @ self.queue.clone().t()], 1) / 0.1
        self.enqueue(k)
        return F.cross_entropy(lg, torch.zeros(len(a), dtype=torch.long))


m = MoCo()
opt = torch.optim.SGD(m.q.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)
for _ in range(6):
    x = torch.randn(8, 8)
    loss = m(x + 0.1, x - 0.1)
    opt.zero_grad()
    loss.backward()
    opt.step()
