import copy

import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 16), nn.SiLU(), nn.Linear(16, 2))
ema = copy.deepcopy(net).eval().requires_grad_(False)
opt = torch.optim.AdamW(net.parameters())
abar = torch.linspace(0.99, 0.01, 10)
for _ in range(5):
    x = torch.randn(16, 2)
    t = torch.randint(10, (16,))
    e = torch.randn_like(x)
    a = abar[t][:, None]
    xt = a.sqrt() * x + (1 - a).sqrt() * e
    loss = (net(torch.cat([xt, t[:, None] / 10], 1)) - e).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    for p, q in zip(net.parameters(), ema.parameters()):
        q.lerp_(p.detach(), 0.1)
with torch.no_grad():
    x = torch.randn(4, 2)
    for t in reversed(range(10)):
        x = x - 0.1 * ema(torch.cat([x, torch.full((4, 1), t / 10)], 1))
