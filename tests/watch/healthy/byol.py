import copy

import torch
from torch import nn

online = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4))
pred = nn.Linear(4, 4)
target = copy.deepcopy(online)
for p in target.parameters():
    p.requires_grad = False
opt = torch.optim.SGD([*online.parameters(), *pred.parameters()], 0.1, momentum=0.9)
for _ in range(5):
    x = torch.randn(8, 4)
    a, b = x + 0.1 * torch.randn(8, 4), x + 0.1 * torch.randn(8, 4)
    with torch.no_grad():
        t = target(b)
    loss = 2 - 2 * nn.functional.cosine_similarity(pred(online(a)), t).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for q, k in zip(online.parameters(), target.parameters()):
            k.mul_(0.99).add_(0.01 * q)
