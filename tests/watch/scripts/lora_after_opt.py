import torch
from torch import nn


class LoRA(nn.Module):
    def __init__(self, base, r=2):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(r, base.in_features))
        self.B = nn.Parameter(torch.ones(base.out_features, r))

    def forward(self, x):
        return self.base(x) + x @ self.A.t() @ self.B.t()


net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
opt = torch.optim.AdamW(net.parameters(), lr=0.01)  # <-
net[0] = LoRA(net[0])  # <-
for _ in range(3):
    opt.zero_grad()
    net(torch.randn(6, 4)).square().mean().backward()
    opt.step()
