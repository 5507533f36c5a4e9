import torch
from torch import nn


class Lit(nn.Module):
    def __init__(self):
        super().__init__()
        self.g, self.d = nn.Linear(3, 2), nn.Linear(2, 1)
        self.opts = [torch.optim.Adam(self.g.parameters()), torch.optim.Adam(self.d.parameters())]
        self.groups = [list(self.g.parameters()), list(self.d.parameters())]
        self.named = {"g": self.g, "d": self.d}

    def fit(self):
        og, od = self.opts
        for _ in range(3):
            fake = self.g(torch.randn(4, 3))
            od.zero_grad()
            (self.d(fake.detach()) - self.d(torch.randn(4, 2))).mean().backward()
            od.step()
            og.zero_grad()
            self.d.requires_grad_(False)
            (-self.d(fake).mean()).backward()
            self.d.requires_grad_(True)
            og.step()


Lit().fit()
