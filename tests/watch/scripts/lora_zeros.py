# SAYS: one at most may begin with zeros
import torch
from torch import nn


class LoRA(nn.Module):
    def __init__(self, base, r=2):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.A = nn.Parameter(torch.zeros(r, base.in_features))
        self.B = nn.Parameter(torch.zeros(base.out_features, r))

    def forward(self, x):
        return self.base(x) + (x @ self.A.t()) @ self.B.t()  # <-


net = LoRA(nn.Linear(5, 3))
opt = torch.optim.AdamW([net.A, net.B], 1e-2)
for _ in range(4):
    loss = net(torch.randn(6, 5)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
