# SAYS: gt: has no derivative
import torch
from torch import nn


class Struct(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.logits = nn.Parameter(torch.randn(n, n))
        self.w = nn.Linear(4, 4)

    def forward(self, x):
        A = (torch.sigmoid(self.logits) > 0.5).float()  # <-
        return A @ self.w(x)


m = Struct(5)
opt = torch.optim.Adam(m.parameters())
for i in range(3):
    loss = m(torch.randn(5, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
