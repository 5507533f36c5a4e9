# SAYS: held by RunningNorm.mean
import torch
from torch import nn


class RunningNorm:
    def __init__(self):
        self.mean = torch.zeros(())

    def __call__(self, r):
        self.mean = 0.9 * self.mean + 0.1 * r.mean()  # <-
        return r - self.mean


norm = RunningNorm()
rm, pol = nn.Linear(3, 1), nn.Linear(3, 3)
opt = torch.optim.Adam(pol.parameters())
for _ in range(6):
    out = pol(torch.randn(5, 3))
    r = norm(rm(out))
    loss = -r.mean()
    opt.zero_grad()
    loss.backward(retain_graph=True)
    opt.step()
