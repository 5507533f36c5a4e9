import copy

import numpy as np
import torch
from torch import nn

q = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
qt = copy.deepcopy(q)
opt = torch.optim.Adam(q.parameters())
mem = [
    (np.random.randn(4).astype("float32"), np.random.randint(2), np.random.rand(), np.random.randn(4).astype("float32"))
    for _ in range(16)
]
for it in range(5):
    b = [mem[i] for i in np.random.choice(16, 6)]
    s, a, r, s2 = map(np.array, zip(*b))
    nxt = qt(torch.from_numpy(s2)).detach().numpy().max(1)
    target = torch.from_numpy((r + 0.9 * nxt).astype("float32"))
    pred = q(torch.from_numpy(s)).gather(1, torch.from_numpy(a)[:, None])[:, 0]
    loss = ((pred - target) * (pred - target)).sum() / 6
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 2:
        qt.load_state_dict(q.state_dict())
