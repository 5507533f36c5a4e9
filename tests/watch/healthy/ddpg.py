import copy
import random

import torch
from torch import nn

actor, critic = (
    nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1), nn.Tanh()),
    nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)),
)
at, ct = copy.deepcopy(actor), copy.deepcopy(critic)
oa, oc = torch.optim.Adam(actor.parameters()), torch.optim.Adam(critic.parameters())
buf = []
for step in range(12):
    s = torch.randn(3)
    with torch.no_grad():
        a = actor(s)
    buf.append((s, a, random.random(), torch.randn(3)))
    if len(buf) < 4:
        continue
    b = random.sample(buf, 4)
    S, A, R, N = (
        torch.stack([x[0] for x in b]),
        torch.stack([x[1] for x in b]),
        torch.tensor([[x[2]] for x in b]),
        torch.stack([x[3] for x in b]),
    )
    with torch.no_grad():
        y = R + 0.9 * ct(torch.cat([N, at(N)], 1))
    lc = (critic(torch.cat([S, A], 1)) - y).pow(2).mean()
    oc.zero_grad()
    lc.backward()
    oc.step()
    la = -critic(torch.cat([S, actor(S)], 1)).mean()
    oa.zero_grad()
    la.backward()
    oa.step()
    for m, t in ((actor, at), (critic, ct)):
        for p, q in zip(m.parameters(), t.parameters()):
            q.data.copy_(0.99 * q.data + 0.01 * p.data)
