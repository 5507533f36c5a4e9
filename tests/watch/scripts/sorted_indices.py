# SAYS: its history ends on the way
# WHY: sc.weight
import torch
from torch import nn

sc = nn.Linear(3, 1)
opt = torch.optim.Adam(sc.parameters())
val = torch.arange(5.0)
for _ in range(3):
    s = sc(torch.randn(5, 3)).squeeze(-1)
    srt, idx = torch.sort(s)  # <-
    loss = (val[idx] - val).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
