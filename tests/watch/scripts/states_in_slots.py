# SAYS: torch.stack(parts)
import torch
from torch import nn

cell, out = nn.RNNCell(3, 4), nn.Linear(4, 1)
opt = torch.optim.Adam([*cell.parameters(), *out.parameters()])
for _ in range(2):
    x = torch.randn(5, 6, 3)
    hs = torch.zeros(7, 5, 4)
    for t in range(6):
        hs[t + 1] = cell(x[:, t], hs[t])  # <-
    loss = out(hs[1:]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
