# SAYS: what Soft.prompt has is a plain tensor
import torch
from torch import nn


class Soft(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.lm = nn.TransformerEncoderLayer(d, 2, 16, batch_first=True).requires_grad_(False).eval()
        self.prompt = torch.randn(n, d, requires_grad=True)  # <-
        self.head = nn.Linear(d, 2)

    def forward(self, x):
        p = self.prompt.expand(x.size(0), -1, -1)
        return self.head(self.lm(torch.cat([p, x], 1))[:, 0])


m = Soft(3, 8)
opt = torch.optim.Adam(m.parameters(), 1e-2)
for _ in range(3):
    loss = nn.functional.cross_entropy(m(torch.randn(4, 5, 8)), torch.randint(2, (4,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
