import functools

import torch
from torch import nn


def timed(f):
    @functools.wraps(f)
    def inner(*a, **k):
        with torch.inference_mode():  # <-
            return f(*a, **k)

    return inner


class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.e, self.h = nn.Linear(4, 4), nn.Linear(4, 2)

    @timed
    def encode(self, x):
        return torch.tanh(self.e(x))  # <-

    def forward(self, x):
        return self.h(self.encode(x).clone())


m = M()
opt = torch.optim.SGD(m.parameters(), 0.1)
for _ in range(3):
    loss = m(torch.randn(3, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
# SAYS: grad mode is switched off
