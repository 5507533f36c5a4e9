import torch
from torch import nn

enc, head, temp = nn.Linear(4, 8), nn.Linear(8, 2), nn.Parameter(torch.ones(1))
x, y = torch.randn(32, 4), torch.randint(2, (32,))


def loss():
    return nn.functional.cross_entropy(head(enc(x).relu()) / temp, y)


opt = torch.optim.Adam([*enc.parameters(), *head.parameters()])
for _ in range(3):
    opt.zero_grad()
    loss().backward()
    opt.step()
opt2 = torch.optim.LBFGS([temp], max_iter=3)
with torch.no_grad():
    lg = head(enc(x).relu())


def closure():
    opt2.zero_grad()
    l = nn.functional.cross_entropy(lg / temp, y)
    l.backward()
    return l


opt2.step(closure)
