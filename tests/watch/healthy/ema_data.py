import copy

import torch
from torch import nn

student = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
teacher = copy.deepcopy(student).requires_grad_(False)
opt = torch.optim.SGD(student.parameters(), 0.1)
x = torch.randn(6, 3)
for p, q in zip(teacher.parameters(), student.parameters(), strict=True):
    p.data.mul_(0.9).add_(q.data, alpha=0.1)
loss = (student(x) - teacher(x + 0.1)).square().mean()
opt.zero_grad()
loss.backward()
opt.step()
