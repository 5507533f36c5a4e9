import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 1))
decay = [p for n, p in net.named_parameters() if p.dim() > 1]
opt = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}], lr=1e-3)  # <-
for _ in range(3):
    loss = net(torch.randn(6, 3)).square().mean()
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()
