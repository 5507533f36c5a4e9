import torch
from torch import nn

back, head = nn.Linear(4, 4), nn.Linear(4, 2)
cache = []
with torch.inference_mode():
    for _ in range(3):
        cache.append(back(torch.randn(5, 4)))  # <-
opt = torch.optim.Adam(head.parameters())
for f in cache:
    loss = head(f).square().mean()
    loss.backward()
    opt.step()
