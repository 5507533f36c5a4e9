# SAYS: Mix.alphas
import torch
from torch import nn


class Mix(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 3)
        self.alphas = [nn.Parameter(torch.ones(1)) for _ in range(3)]  # <-

    def forward(self, x):
        return sum(a * self.lin(x) for a in self.alphas)


m = Mix()
opt = torch.optim.SGD(m.parameters(), 0.1)  # <-
for _ in range(2):
    opt.zero_grad()
    m(torch.randn(6, 3)).square().mean().backward()
    opt.step()
