import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

body, head = nn.Sequential(nn.Linear(4, 8), nn.ReLU()), nn.Linear(8, 1)
opt = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=0.1)
for _ in range(3):
    x = torch.randn(4, 4)
    h = checkpoint(body, x, use_reentrant=True)  # <-
    loss = head(h).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
