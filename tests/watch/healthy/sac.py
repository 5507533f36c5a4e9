import copy

import torch
import torch.nn.functional as F
from torch import nn

actor, q1 = nn.Linear(3, 2), nn.Linear(4, 1)
tgt = copy.deepcopy(q1).requires_grad_(False)
log_alpha = torch.zeros((), requires_grad=True)
oa, oq, ol = torch.optim.Adam(actor.parameters()), torch.optim.Adam(q1.parameters()), torch.optim.Adam([log_alpha])


def act(s):
    mu, ls = actor(s).chunk(2, -1)
    d = torch.distributions.Normal(mu, ls.clamp(-5, 2).exp())
    u = d.rsample()
    a = u.tanh()
    return a, (d.log_prob(u) - (1 - a.pow(2) + 1e-6).log()).sum(-1, keepdim=True)


for _ in range(5):
    s, a, r, s2 = torch.randn(8, 3), torch.rand(8, 1), torch.randn(8, 1), torch.randn(8, 3)
    with torch.no_grad():
        a2, lp2 = act(s2)
        y = r + 0.99 * (tgt(torch.cat([s2, a2], -1)) - log_alpha.exp() * lp2)
    lq = F.mse_loss(q1(torch.cat([s, a], -1)), y)
    oq.zero_grad()
    lq.backward()
    oq.step()
    for p in q1.parameters():
        p.requires_grad_(False)
    pi, lp = act(s)
    la = (log_alpha.exp().detach() * lp - q1(torch.cat([s, pi], -1))).mean()
    oa.zero_grad()
    la.backward()
    oa.step()
    for p in q1.parameters():
        p.requires_grad_(True)
    ll = -(log_alpha * (lp + 1.0).detach()).mean()
    ol.zero_grad()
    ll.backward()
    ol.step()
    with torch.no_grad():
        for p, t in zip(q1.parameters(), tgt.parameters()):
            t.mul_(0.99).add_(p, alpha=0.01)
