from collections import defaultdict, deque

import torch
from torch import nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)
last, logs = deque(maxlen=10), defaultdict(list)
for i in range(12):
    out = net(torch.randn(4, 3))
    loss = out.square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    last.append(loss.item())
    logs["out"].append(out.detach().cpu())
    logs["norm"].append(sum(p.norm().item() for p in net.parameters()))
